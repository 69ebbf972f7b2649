"""``jsonschema``, extended for TOML: documents and catalogues are validated against our JSON Schemas."""
