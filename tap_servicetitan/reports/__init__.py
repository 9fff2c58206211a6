"""Custom reports, on the same machinery."""
