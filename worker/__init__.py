"""Evaluation jobs: the queue that the service fills and the worker process that empties it."""
