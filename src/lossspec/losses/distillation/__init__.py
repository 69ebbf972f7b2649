"""Losses that train a student on the predictions of its teacher."""
