"""What there is to read: the table of streams, and the facts about each."""
