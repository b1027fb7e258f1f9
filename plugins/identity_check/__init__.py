"""Small made-up worlds of records, resolved by the real dbt models: `make identity-check CASES=<folder>`."""
