"""Drawing: axes, lines, tables, terminal plots and SVG pictures."""
