"""OpenAPI descriptions, examples and the /docs page."""
