"""Tests of `tap_servicetitan.api`."""
