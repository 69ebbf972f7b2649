"""Finds and reads the documents of a reference."""
