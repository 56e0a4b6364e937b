"""Health, readiness, metrics and status routes."""
