"""What a command needs from its machine, and its messages where the machine lacks it."""

import codecs
import contextlib
import errno
import io
import os
import re
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import jax

from genmodels.errors import out_of_memory

ASCII = {"–": "-", "−": "-", "×": "x", "…": "...", "²": "^2", "β": "beta", "λ": "lambda", "‖": "||"}
# Errors of system calls that come from the machine rather than from a fault in this program.
OF_THE_MACHINE = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO),
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EMFILE, errno.ENFILE),
}
SIGPIPE = 128 + 13  # as shells report a program ended by a closed pipe


def trouble(error: Exception) -> str | None:
    """One or two lines for an error caused by the machine, with the remedy; None for a fault of this program."""
    first = (str(error).strip().splitlines() or [""])[0]
    if isinstance(error, OSError) and error.errno in OF_THE_MACHINE:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    if out_of_memory(error):
        return f"out of memory ({first or 'of the host'}).\nSmaller batches or smaller nets need less."
    if isinstance(error, RuntimeError) and first.startswith("Could not determine home directory"):
        return "no home folder is known for this user: set HOME to a folder, or name folders without ~."
    if isinstance(error, (RuntimeError, AssertionError)):
        return _no_device()
    return None


def keep_compiled_programs() -> None:
    """Keeps compiled programs between runs, unless jax has a cache already: compiling outlasts a short training."""
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    try:
        folder = Path("~/.cache/genmodels/programs").expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    except (OSError, RuntimeError) as error:
        reason = trouble(error) or f"{folder}: {error.strerror if isinstance(error, OSError) else error}."
        print(
            f"note: compiled programs are not kept; set JAX_COMPILATION_CACHE_DIR to choose a folder. {reason}",
            file=sys.stderr,
        )
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def print_what_the_terminal_can() -> None:
    """Characters that the terminal's encoding lacks are printed as ASCII, instead of ending the command."""

    def replaced(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        return "".join(ASCII.get(each, "?") for each in error.object[error.start : error.end]), error.end

    codecs.register_error("as_ascii", replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="as_ascii")


@contextlib.contextmanager
def quiet_when_nobody_reads() -> Iterator[None]:
    """Ends the command silently if its output was closed, as by `| head`."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # otherwise Python does so when its error can no longer be caught
    except BrokenPipeError:
        closed = [number for number in (1, 2) if _is_closed(number)]
        if not closed:
            raise  # not one of our pipes
        for number in closed:
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        sys.exit(SIGPIPE)


def _is_closed(number: int) -> bool:
    """Whether the reader of the pipe behind a file descriptor has closed it."""
    poll = select.poll()
    poll.register(number, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _no_device() -> str | None:
    """Why jax has no device to compute on; None if it has one."""
    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:  # the latter for cuda, which it skips silently
        reason = re.sub(r"Unable to initialize backend '\w+': | \(.*", "", str(error).partition("\n")[0])
        wanted = os.environ.get("JAX_PLATFORMS")
        found = f"JAX_PLATFORMS={wanted}: jax finds no such device on this machine" if wanted else "jax finds no device"
        found += f" ({reason.strip(' .')})" if reason else ""
        return f"{found}.\nSet JAX_PLATFORMS=cpu, or unset it to let jax choose."
    return None
