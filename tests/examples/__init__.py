"""Tests of the files that are there to be copied."""
