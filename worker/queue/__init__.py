"""The job queue in Redis, shared by service and worker. Imports no torch."""
