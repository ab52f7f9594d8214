"""A camera's answers as they come: the engine, smoothing, sinks."""
