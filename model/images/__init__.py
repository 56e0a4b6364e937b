"""From image file to network input, and from map to picture."""
