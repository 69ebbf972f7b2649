"""Drives managers inside the trainers that people use: one module a trainer, each an extra."""
