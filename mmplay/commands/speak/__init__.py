"""The line-mode front end: commands in, plain lines out."""
