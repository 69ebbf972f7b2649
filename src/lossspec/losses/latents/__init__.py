"""Losses of autoencoders: divergences, reconstruction and vector quantisation."""
