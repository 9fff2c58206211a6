"""The life of a plumbing, heating and electrical contractor, as far as its data shows it."""
