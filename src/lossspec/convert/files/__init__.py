"""Reads the files of peers: JSON, TOML, YAML and Keras archives, without running anything in them."""
