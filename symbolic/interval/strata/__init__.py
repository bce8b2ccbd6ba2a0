"""What the parameters do over one critical function: sites, roles, strata, inertia and kind."""
