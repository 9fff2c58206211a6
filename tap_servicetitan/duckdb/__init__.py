"""A Singer target for DuckDB. It knows Singer messages and DuckDB, and nothing of the tap."""
