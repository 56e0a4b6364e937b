"""Data sets, read from folders or generated in memory."""
