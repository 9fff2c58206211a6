"""Tests of `tap_servicetitan.reports.discovery`."""
