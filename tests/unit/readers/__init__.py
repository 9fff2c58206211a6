"""Tests of `tap_servicetitan.readers`."""
