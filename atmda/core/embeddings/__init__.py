"""Embeddings with what is known of each clip: in memory, on disk, and how they are computed."""
