"""Free pages over time, for every picture of it: the screen's, SVG, HTML and casts."""
