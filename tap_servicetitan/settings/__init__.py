"""The tap's settings: their schema, what is wrong with them, and their values."""
