"""The JSON Schema of the language, and validating documents against it."""
