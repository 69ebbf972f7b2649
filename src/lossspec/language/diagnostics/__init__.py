"""Locates, renders and fixes the problems of a spec."""
