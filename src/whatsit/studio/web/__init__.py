"""The studio over HTTP: access, limits, TLS, the server."""
