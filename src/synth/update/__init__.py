"""Keeping a review current: searches of PubMed and the replay of what is held."""
