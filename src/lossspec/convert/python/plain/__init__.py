"""The plain functions that exported modules hold."""
