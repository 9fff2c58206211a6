"""Tests of `tap_servicetitan.state`."""
