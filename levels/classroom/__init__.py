"""A class: what it is assigned, what it hands in, what that is worth, and who needs help."""
