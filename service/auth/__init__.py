"""API keys: key, key file, key ring, guards of routes, and rate limit."""
