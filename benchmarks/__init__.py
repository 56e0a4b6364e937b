"""Measurements of speed and size, and the published form of the network that they are held against."""
