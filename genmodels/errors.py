"""Exceptions whose text is written for the user, and how to recognise that memory ran out."""


class UsageError(Exception):
    """An error the user can fix: one or two plain lines that name the field or file and the remedy.

    The commands of `launch` print the text without a traceback and exit with code 2.
    """


class DivergedError(UsageError):
    """A loss or a norm stopped being finite; the text names the step and where to resume."""


class LaterError(UsageError):
    """What stands in the way is not of this command: the same one works when it is gone, a full disk for example."""


def out_of_memory(error: Exception) -> bool:
    """Whether the error means that the host or a device ran out of memory."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)
