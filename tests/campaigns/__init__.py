"""Campaigns against the sandbox, over a real socket: what they find is in docs/reliability.md."""
