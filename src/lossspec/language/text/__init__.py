"""The text of a spec: its source, limits, syntax errors, places, references and expressions."""
