"""Balancers that weigh losses by their values."""
