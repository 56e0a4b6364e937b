"""Memory, device and progress of long-running work."""
