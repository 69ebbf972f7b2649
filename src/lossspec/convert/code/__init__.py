"""Imports the losses that a Python function returns: live modules, by their type and arguments."""
