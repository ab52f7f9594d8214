"""What the studio's camera sees: frames, recognition, the models to watch with."""
