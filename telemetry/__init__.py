"""What service and worker report about themselves: request ids, logs and traces. Imports no other package here."""
