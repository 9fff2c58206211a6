"""Tests of the package's parts, without a server."""
