"""What is written from the stream table and the vendor's documents; each script says how it is run."""
