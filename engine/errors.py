"""The one kind of error that a user can cause."""


class InputError(Exception):
    """Input or use that cannot be worked with.

    The message is one line that names the file or argument, the place in it, and what to do.
    """
