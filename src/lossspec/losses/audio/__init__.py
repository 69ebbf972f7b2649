"""Losses that compare spectrograms."""
