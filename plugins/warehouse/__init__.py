"""The Postgres that everything is written to: its address, its `ops` schema, and who may write now."""
