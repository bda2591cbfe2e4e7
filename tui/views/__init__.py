"""Views: from a frame to the rows of one panel. Pure functions; no widget, no terminal."""
