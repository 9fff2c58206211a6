"""Streams side by side, and the output."""
