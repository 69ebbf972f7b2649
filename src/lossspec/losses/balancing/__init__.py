"""Balancers: modules that weigh the losses of an objective by their values or their gradients."""
