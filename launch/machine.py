"""What a command asks of the machine it runs on, and what it says where the machine has less."""

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
# What a system call says of the machine, rather than of a fault in this program.
OF_THE_MACHINE = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO),
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EMFILE, errno.ENFILE),
}
SIGPIPE = 128 + 13  # as shells report a program that a closed pipe has ended


def trouble(error: Exception) -> str | None:
    """What an error says of the machine, and the remedy, in one or two lines; None for a fault of this program."""
    first = (str(error).strip().splitlines() or [""])[0]
    if isinstance(error, OSError) and error.errno in OF_THE_MACHINE:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    if out_of_memory(error):
        return f"out of memory ({first or 'of the host'}).\nSmaller batches and smaller nets need less of it."
    if isinstance(error, RuntimeError) and first.startswith("Could not determine home directory"):
        return "no home folder is known for this user: set HOME to a folder, or name folders without ~."
    if isinstance(error, (RuntimeError, AssertionError)):
        return _no_device()
    return None


def keep_compiled_programs() -> None:
    """Compiling takes longer than a short run's training: programs are kept between runs unless jax is told where."""
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    try:
        folder = Path("~/.cache/genmodels/programs").expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    except (OSError, RuntimeError) as error:
        reason = trouble(error) or f"{folder}: {error.strerror if isinstance(error, OSError) else error}."
        print(f"note: compiled programs are not kept; JAX_COMPILATION_CACHE_DIR says where. {reason}", file=sys.stderr)
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
    """Ends the command without a word where its output was cut off, as by `| head`."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # else Python does so when nobody can catch what it raises
    except BrokenPipeError:
        closed = [number for number in (1, 2) if _is_closed(number)]
        if not closed:
            raise  # another pipe than ours
        for number in closed:
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        sys.exit(SIGPIPE)


def _is_closed(number: int) -> bool:
    """Whether the reader of the pipe behind a file descriptor is gone."""
    poll = select.poll()
    poll.register(number, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _no_device() -> str | None:
    """Why jax has no device to compute on; None if it has one."""
    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:  # the latter for cuda, which it leaves out without a word
        reason = re.sub(r"Unable to initialize backend '\w+': | \(.*", "", str(error).partition("\n")[0])
        wanted = os.environ.get("JAX_PLATFORMS")
        found = f"JAX_PLATFORMS={wanted}: jax finds no such device here" if wanted else "jax finds no device"
        found += f" ({reason.strip(' .')})" if reason else ""
        return f"{found}.\nSet JAX_PLATFORMS=cpu, or unset it and jax takes what is here."
    return None
