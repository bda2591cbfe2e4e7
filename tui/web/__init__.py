"""The screen in a browser: a page, a socket, and a process for each visitor."""
