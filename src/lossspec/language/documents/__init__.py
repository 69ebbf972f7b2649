"""Finding and reading the documents that a reference names."""
