"""Comparing what the API has with what a warehouse has."""
