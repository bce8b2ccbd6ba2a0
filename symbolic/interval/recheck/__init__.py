"""Re-checking of records of the interval family by short formulas of its own, without the searches that found them."""
