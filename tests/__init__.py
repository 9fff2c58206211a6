"""Tests of the tap, its sandbox and its demo."""
