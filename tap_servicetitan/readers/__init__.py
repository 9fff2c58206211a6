"""Pages in order, for each kind of endpoint; no SDK."""
