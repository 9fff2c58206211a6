"""Tests with real targets."""
