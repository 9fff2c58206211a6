"""How fast the tap is, and what it costs: measured beside an ordinary SDK tap and the standard library."""
