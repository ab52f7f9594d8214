"""The TFLite flatbuffer as data: read, cut, append, quantise, describe, write."""
