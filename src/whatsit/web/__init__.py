"""What everything that answers over HTTP shares: access, limits, connections, TLS, the server."""
