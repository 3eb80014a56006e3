"""The one exception whose text is written for the user."""


class UsageError(Exception):
    """Input that the user can mend: one or two plain lines that name the field or file and the remedy.

    The commands of `launch` print the text without a traceback and exit with code 2.
    """


class DivergedError(UsageError):
    """A loss or a norm stopped being finite; the text names the step and where to go on from."""
