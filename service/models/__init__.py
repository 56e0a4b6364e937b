"""GET /v1/models, and the registry of loaded models."""
