"""One machine run again and again: settings by seeds, and what they come to."""
