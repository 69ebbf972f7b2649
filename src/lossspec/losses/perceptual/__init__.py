"""Losses that compare images by the features of a pretrained network."""
