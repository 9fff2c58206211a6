"""Tests of the documentation and of what ships beside the package."""
