"""The command line: the doors to Meltano and dbt, status, demo, and what a person decides."""
