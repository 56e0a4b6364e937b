"""Supervisor, child processes and embedded Redis for `make serve`."""
