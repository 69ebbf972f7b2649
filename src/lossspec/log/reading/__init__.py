"""Reads the log of a run: its records, the branch of flushes that counts, and the columns of each loss."""
