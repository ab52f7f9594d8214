"""Pictures as pixels: decoding, preparing, augmenting."""
