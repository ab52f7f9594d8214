"""What all pages use: the base template, words, messages, scripts."""
