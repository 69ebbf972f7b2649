"""Mathematical expressions, and writing them in a notation."""
