"""Models as other programs expect them: ready folders with a program that runs the model."""
