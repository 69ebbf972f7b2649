"""From the text of a spec to a table: source, limits, positions and syntax."""
