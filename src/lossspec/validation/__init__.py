"""Validates documents and catalogues against our JSON Schemas, with ``jsonschema`` extended for TOML."""
