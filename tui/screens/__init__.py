"""The screens: menu, play, help."""
