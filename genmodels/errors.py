"""The one exception whose text is written for the user, and what others say of the machine."""


class UsageError(Exception):
    """Input that the user can mend: one or two plain lines that name the field or file and the remedy.

    The commands of `launch` print the text without a traceback and exit with code 2.
    """


class DivergedError(UsageError):
    """A loss or a norm stopped being finite; the text names the step and where to go on from."""


class LaterError(UsageError):
    """What stands in the way is not of this command: the same one works when it is gone, a full disk for example."""


def out_of_memory(error: Exception) -> bool:
    """Whether memory did not suffice, the host's or a device's."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)
