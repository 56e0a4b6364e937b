"""The queue: what is too dear for a request, done by as many workers as reach Redis."""
