"""What the play screen is made of: each part does the keys of one group."""
