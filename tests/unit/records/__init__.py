"""Tests of `tap_servicetitan.records.records`."""
