"""What the features read: the open document, positions in it, what is typed, and what may stand there."""
