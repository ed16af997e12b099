"""Figures, drawn from released rows only: one per analysis, as SVG and PNG, with alt text and a caption."""
