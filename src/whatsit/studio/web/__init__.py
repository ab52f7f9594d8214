"""The studio over HTTP: the application, the server, what the command starts."""
