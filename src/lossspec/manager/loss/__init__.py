"""One loss: its weight and schedule, and the messages about its calls."""
