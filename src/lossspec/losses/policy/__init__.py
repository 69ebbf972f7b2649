"""Losses of policy gradients."""
