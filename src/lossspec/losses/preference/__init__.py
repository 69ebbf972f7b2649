"""Losses that fit a language model to preferences, on log-probabilities of its answers."""
