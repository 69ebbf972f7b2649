"""From documents to one resolved table: layers, variants, parameters."""
