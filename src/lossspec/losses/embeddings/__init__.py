"""Losses of self-supervised embeddings."""
