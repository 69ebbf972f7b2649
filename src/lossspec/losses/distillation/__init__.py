"""Losses that teach a student what its teacher predicts."""
