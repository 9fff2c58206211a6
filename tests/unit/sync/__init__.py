"""Tests of runs, without a server."""
