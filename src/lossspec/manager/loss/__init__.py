"""One registered loss: its call, its weight over time, its messages."""
