"""Parses the command line into flags and a config, and explains what is wrong with it in plain words."""

import collections
import math
import re
import sys
from pathlib import Path
from typing import Any

import ml_collections
from absl import flags
from ml_collections import config_flags
from ml_collections.config_flags import tuple_parser

from genmodels.errors import UsageError
from genmodels.runs.renamed import RENAMED

PLAIN = {  # Python's messages for a value of the wrong type, in plain words
    r"invalid literal for int\(\).*": "must be an integer.",
    r"could not convert string to float.*": "must be a number.",
    r"\('Non-boolean argument.*": "must be true or false.",
}


class Tuple(flags.ArgumentParser):
    """A tuple from one text, '(8, 16)'; ml_collections' own parser joins the tuples of a repeated flag."""

    def parse(self, argument) -> tuple:
        """The tuple; ValueError for a text that is not one."""
        try:
            return tuple_parser.TupleParser().parse(argument)
        except ValueError:
            raise ValueError("must be values separated by commas, such as '(8, 16)'.") from None


def parse(argv: list[str], required: tuple[str, ...], field: str | None) -> list[str]:
    """Parses absl's flags; absl itself would answer an error with pages of help.

    Raises UsageError where a `required` flag is missing, where --config has no `field`, and for whatever absl rejects.
    """
    config_flags.register_flag_parser_for_type(tuple, Tuple())
    try:
        times = _times_given(argv)
        if times["config"] > 1:  # fields that are set between the first and the last would be lost with the first
            raise UsageError(f"--config is given {times['config']} times: choose one config file.")
        rest = flags.FLAGS(argv)
        for name in required:
            # A config file that cannot be opened is reported only when one of its fields is read.
            getattr(flags.FLAGS[name].value, "any", None)
    except SystemExit:  # from --help, with code 1
        sys.exit()
    except (BrokenPipeError, UsageError):  # the former from --help | head
        raise
    except Exception as error:  # a config file can fail in any way
        raise UsageError(_explanation(error, argv, required)) from error
    if len(rest) > 1:
        raise UsageError(f"'{rest[1]}' is not a flag: write --name=value.")
    for name in required:
        if not flags.FLAGS[name].present or flags.FLAGS[name].value == "":
            raise UsageError(_missing(name))
    for flag in (flags.FLAGS[name] for name in flags.FLAGS):
        if flag.present:
            _check_number(flag.name, flag.value)
    if field:
        _check_config(field)
    for name, count in times.items():
        if count > 1 and name in flags.FLAGS:
            print(f"note: --{name} is given {count} times; the last counts: {flags.FLAGS[name].value}", file=sys.stderr)
    return rest


def config_file() -> str:
    """The text of --config: a file and its variant."""
    return config_flags.get_config_filename(flags.FLAGS["config"])


def overrides() -> dict[str, str]:
    """The config's fields that the command line sets, by dotted name, each with its value as a flag takes it."""
    values = config_flags.get_override_values(flags.FLAGS["config"])
    plain = {
        name: value.to_dict() if isinstance(value, ml_collections.ConfigDict) else value
        for name, value in values.items()
    }
    return {name: str(value) for name, value in plain.items()}


def _times_given(argv: list[str]) -> collections.Counter[str]:
    """How often each flag is given; anything else that starts like a flag is counted too."""
    expanded = flags.FLAGS.read_flags_from_files(argv[1:], force_gnu=False)
    return collections.Counter(re.findall(r"^--?(?:no(?=config\.))?([\w.]+)", "\n".join(expanded), re.MULTILINE))


def _check_number(name: str, value: Any) -> None:
    if isinstance(value, int) and abs(value) >= 2**63:  # jax and numpy have no such ones
        raise UsageError(f"--{name}={value}: the number is too large.")
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"--{name}={value}: must be a finite number.")


def _check_config(field: str) -> None:
    """Raises UsageError for another command's config, or for something that is not a config."""
    text, config = config_file(), flags.FLAGS["config"].value
    if not isinstance(config, ml_collections.ConfigDict):
        raise UsageError(f"--config={text}: its get_config returns {type(config).__name__}, not a ConfigDict.")
    for name in overrides():
        if name.split(".")[-1] in ("method", "variant"):  # the other fields would still be those of the file's own
            raise UsageError(f"--config.{name} cannot be set by itself: choose --config, a file and its variant.")
    if field not in config:
        raise UsageError(f"--config={text} has no field '{field}': give {flags.FLAGS['config'].help}")


def _explanation(error: Exception, argv: list[str], required: tuple[str, ...]) -> str:
    """One line for an error that absl or ml_collections raise about the command line or a config file."""
    text = str(error.args[0] if error.args else error).strip().removeprefix("ERROR:: ")
    first, last = text.splitlines()[0], text.splitlines()[-1].strip()
    if renamed := _renamed(argv):
        return renamed
    if isinstance(error, flags.UnrecognizedFlagError) and error.flagname.split(".")[0] in required:
        return _missing(error.flagname.split(".")[0])  # without a config file, its fields are not flags
    if isinstance(error, flags.Error):
        option, _, problem = first.removeprefix("flag ").partition(": ")
        if problem.startswith("Error whilst parsing config file"):  # followed by a traceback
            problem = last.partition(": ")[2]
        for pattern, words in PLAIN.items():
            problem = re.sub(pattern, words, problem)
        return f"{option}: {problem}" if problem else first
    if isinstance(error, OSError):
        return _no_file(argv) or f"config file: {last.partition('] ')[2] or last}"
    if isinstance(error, AttributeError) and "'get_config'" in text:
        return f"--config={_config_file(argv)} has no function get_config: it is not a config file."
    field = re.match(r"\W*(\w+)\\?'", text)
    options = [option for option in argv if field and re.match(rf"--?\w[\w.]*\.{field[1]}\b", option)]
    if field and options:
        hint = re.search(r'Did you mean "(\w+)"', text)
        meant = f": did you mean '{hint[1]}'?" if hint else "."
        return f"{options[0].split('=')[0]}: the config has no field '{field[1]}'{meant}"
    return f"command line or config file: {type(error).__name__}: {first}"


def _renamed(argv: list[str]) -> str | None:
    """The new name of the first flag that an earlier revision called otherwise; None if there is none."""
    for option in argv:
        name = option.partition("=")[0]
        section, dot, last = name.lstrip("-").rpartition(".")
        if name.startswith("-") and last in RENAMED:
            return f"--{section}{dot}{last} is now --{section}{dot}{RENAMED[last]}."
    return None


def _config_file(argv: list[str]) -> str:
    """The text of --config, as given."""
    found = re.search(r"^--?config(?:=|\n)(.*)$", "\n".join(argv), re.MULTILINE)
    return found[1] if found else ""


def _no_file(argv: list[str]) -> str | None:
    """What is wrong with the path of --config, and which files are there; None if nothing is."""
    text = _config_file(argv)
    if not text:
        return _missing("config")
    file = Path(text.split(":")[0])
    folder = file if file.is_dir() else file.parent
    others = ", ".join(sorted(path.name for path in folder.glob("*.py") if not path.name.startswith("_")))
    here = f"{folder} has {others}." if others else f"run the command in the project's folder, not {Path.cwd()}."
    if file.is_dir():
        return f"--config={text} is a folder: {here}"
    return None if file.exists() else f"--config={text}: there is no such file; {here}"


def _missing(name: str) -> str:
    return f"--{name} is missing: {flags.FLAGS[name].help}"
