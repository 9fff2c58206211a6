"""A page of bytes to RECORD lines."""
