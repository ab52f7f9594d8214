"""One ``.tflite`` file as a product: to classify with, to describe, to verify."""
