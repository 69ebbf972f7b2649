"""Balancers that weigh losses by their gradients at a tensor."""
