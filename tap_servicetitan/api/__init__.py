"""How the API is requested; knows no stream."""
