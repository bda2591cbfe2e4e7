"""The Textual app: screens, panels, keys, themes. It draws frames and computes no kernel number."""
