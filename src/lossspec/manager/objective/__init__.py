"""Objectives: which terms run, what they weigh, and the module that sums them."""
