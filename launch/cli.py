"""How every command starts and ends."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from absl import app, flags, logging
from ml_collections import config_flags

from genmodels.errors import UsageError
from launch import command_line, machine, processor

URL = re.compile(r"[A-Za-z][\w+.-]+:/")  # two letters at least: C:/ is a path

flags.disclaim_key_flags()  # so that --help lists --config under its command


def config(words: str) -> flags.FlagHolder:
    """Defines --config, a config file whose fields are flags as well; `words` say which one."""
    try:
        return config_flags.DEFINE_config_file("config", None, words, lock_config=True)
    except flags.Error as error:  # it reads the command line at once, to find the fields that are given
        _stop(str(error).strip().removeprefix("ERROR:: "))


def run(main: Callable[[], None], required: tuple[str, ...] = (), field: str | None = None) -> None:
    """Parses the command line and runs `main`; errors the user can fix end in a plain message and exit code 2.

    `required` flags must be given; --config must have `field`, which identifies the configs of this command.
    """

    def guarded(_):
        try:
            main()
        except UsageError as error:
            _stop(str(error))
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            sys.exit(130)  # as shells report SIGINT
        except Exception as error:
            trouble = machine.trouble(error)
            if trouble is None:
                raise
            _stop(trouble)

    def parsed(argv: list[str]) -> list[str]:
        try:
            return command_line.parse(argv, required, field)
        except UsageError as error:
            _stop(str(error))

    logging.set_verbosity(logging.FATAL)  # orbax and tfds log a lot, including errors that they also raise
    machine.print_what_the_terminal_can()
    processor.tune()
    with machine.quiet_when_nobody_reads():
        machine.keep_compiled_programs()
        app.run(guarded, flags_parser=parsed)


def path(flag: flags.FlagHolder) -> Path | None:
    """The path that a flag gives, ~ expanded; None where the flag is not given. UsageError if it is not a path."""
    return None if flag.value is None else _path(flag.name, flag.value)


def needed_path(flag: flags.FlagHolder) -> Path:
    """The path of a flag that `run` requires, or that has a default, as `path` has it."""
    return _path(flag.name, flag.value)


def paths(flag: flags.FlagHolder) -> list[Path]:
    """The paths that a flag with a list gives, each as `path` has it."""
    if flag.present and not flag.value:
        raise UsageError(f"--{flag.name}= is empty: give paths, or leave the flag out.")
    return [_path(flag.name, text) for text in flag.value]


def _path(name: str, text: str) -> Path:
    if not text.strip():
        raise UsageError(f"--{name}={text} is empty: give a path, or leave the flag out.")
    if URL.match(text):  # a library would make a local folder named 'gs:' of it
        raise UsageError(f"--{name}={text} is a URL: mount it and give the mounted folder.")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        home = text.split("/")[0]
        raise UsageError(f"--{name}={text}: no home folder is known for '{home}': give the full path.") from error


def check_file(out: Path) -> None:
    """Raises UsageError where --out cannot be written, before minutes of work are wasted; leaves no file behind."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        new = not out.exists()
        out.open("a").close()
        if new:
            out.unlink()
    except OSError as error:
        raise UsageError(f"--out={out} cannot be written: {error.strerror}.") from error


def check_folder(folder: Path, flag: str = "workdir") -> None:
    """Raises UsageError where the flag's folder can be neither made nor written; makes nothing."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    if not there.is_dir():
        raise UsageError(f"--{flag}={folder}: {there} is no folder.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"--{flag}={folder}: {there} cannot be written.")


def _stop(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
