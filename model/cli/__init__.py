"""Commands and arguments of `python -m model`."""
