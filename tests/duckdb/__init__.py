"""Tests of the DuckDB loader."""
