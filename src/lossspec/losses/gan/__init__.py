"""Losses of generative adversarial networks, their critics and their gradient penalties."""
