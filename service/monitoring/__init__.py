"""Health, status and Prometheus metrics."""
