"""HTTP and WebSocket: what servers say as a source, records as requests."""
