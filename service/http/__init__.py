"""What any HTTP service needs: middleware, request bodies, problem documents, events."""
