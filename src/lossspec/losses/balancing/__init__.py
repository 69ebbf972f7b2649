"""Balancers: modules that weight the losses of an objective by their gradients."""
