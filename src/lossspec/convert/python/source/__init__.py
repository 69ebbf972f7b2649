"""The source of lossspec's own losses, as an exported module writes it out."""
