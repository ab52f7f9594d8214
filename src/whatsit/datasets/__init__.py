"""Projects and their pictures: the folders are the truth, everything else is derived from them."""
