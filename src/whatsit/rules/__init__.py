"""Rules: when the camera sees something for long enough, something is switched."""
