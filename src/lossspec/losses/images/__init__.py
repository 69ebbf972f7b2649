"""Losses that compare two images pixel by pixel, by edges or by spectrum."""
