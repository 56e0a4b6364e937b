"""What `make serve` adds: supervisor, child processes and an embedded Redis."""
