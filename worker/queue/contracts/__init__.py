"""Documents that service and worker exchange through Redis."""
