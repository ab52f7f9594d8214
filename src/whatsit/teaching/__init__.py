"""Learning from a handful of pictures, in seconds."""
