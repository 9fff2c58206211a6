"""Tests of the tap against the sandbox."""
