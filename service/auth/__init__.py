"""API keys: what they are, where they are kept, and who is let in with them."""
