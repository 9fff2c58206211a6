"""Tests of `tap_servicetitan.cli`."""
