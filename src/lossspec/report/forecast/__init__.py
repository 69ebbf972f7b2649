"""The weights of a spec over a run that has not begun."""
