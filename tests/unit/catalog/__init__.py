"""Tests of `tap_servicetitan.catalog`."""
