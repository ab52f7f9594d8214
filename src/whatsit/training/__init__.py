"""Learning from many pictures: a head on frozen features, fine-tuning, from scratch."""
