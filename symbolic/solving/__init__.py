"""What searches: complete certified subdivision and exact elimination. Knows systems, never families."""
