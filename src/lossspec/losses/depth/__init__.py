"""Losses of depth, with and without ground truth."""
