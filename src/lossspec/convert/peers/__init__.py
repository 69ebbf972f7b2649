"""One reader a peer: from its options to losses of lossspec that compute the same numbers."""
