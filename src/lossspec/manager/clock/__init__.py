"""The clock of a run, and the weights that move with it."""
