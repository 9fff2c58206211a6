"""A pipeline from the sandbox to a DuckDB file, to try and to copy from."""
