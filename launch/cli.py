"""How every command starts and ends."""

import functools
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import jax
from absl import app, flags, logging

from genmodels.errors import UsageError

URL = re.compile(r"[A-Za-z][\w+.-]+:/")  # two letters at least: C:/ is a path
PLAIN = {  # what Python says of a value of the wrong type, in a user's words
    r"invalid literal for int\(\).*": "a whole number is needed.",
    r"could not convert string to float.*": "a number is needed.",
    r"\('Non-boolean argument.*": "true or false is needed.",
}


def run(main: Callable[[], None], required: tuple[str, ...] = ()) -> None:
    """Parses the command line and runs `main`; what the user can mend ends in plain words and exit code 2."""

    def guarded(_):
        try:
            main()
        except UsageError as error:
            _stop(str(error))
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            sys.exit(130)  # as shells report SIGINT

    logging.set_verbosity(logging.FATAL)  # orbax and tfds narrate, and tell of errors that they raise as well
    _keep_compiled_programs()
    _choose_convolutions()
    app.run(guarded, flags_parser=functools.partial(_parse, required=required))


def path(flag: flags.FlagHolder) -> Path | None:
    """The path that a flag gives, ~ expanded; None where the flag is not given. UsageError for what is no path here."""
    return None if flag.value is None else _path(flag.name, flag.value)


def paths(flag: flags.FlagHolder) -> list[Path]:
    """The paths that a flag with a list gives, each as `path` has it."""
    return [_path(flag.name, text) for text in flag.value]


def _path(name: str, text: str) -> Path:
    if not text.strip():
        raise UsageError(f"--{name}={text} is empty: give a path, or leave the flag out.")
    if URL.match(text):  # a library would make a local folder named 'gs:' of it
        raise UsageError(f"--{name}={text} is a URL: mount it and give the mounted folder.")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(
            f"--{name}={text}: no home folder is known for '{text.split('/')[0]}': write the whole path."
        ) from error


def make_file(out: Path) -> None:
    """Makes --out, empty if it is new, before minutes go by for nothing; raises UsageError where that cannot be."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.touch()
    except OSError as error:
        raise UsageError(f"--out={out} cannot be written: {error.strerror}.") from error


def _parse(argv: list[str], required: tuple[str, ...]) -> list[str]:
    """absl's flags of the command line; absl itself would answer an error with pages of help."""
    try:
        rest = flags.FLAGS(argv)
        for name in required:
            # A config file that cannot be opened is reported no sooner than when one of its fields is asked for.
            getattr(flags.FLAGS[name].value, "any", None)
    except SystemExit:  # from --help, with code 1
        sys.exit()
    except Exception as error:  # a config file can fail in any way
        _stop(_explanation(error, argv, required))
    for name in required:
        if flags.FLAGS[name].value is None:
            _stop(_missing(name))
    if len(rest) > 1:
        _stop(f"'{rest[1]}' is not a flag: write --name=value.")
    return rest


def _explanation(error: Exception, argv: list[str], required: tuple[str, ...]) -> str:
    """One line for what absl or ml_collections raise at a command line or a config file that cannot be."""
    text = str(error.args[0] if error.args else error).strip()
    first, last = text.splitlines()[0], text.splitlines()[-1].strip()
    if isinstance(error, flags.UnrecognizedFlagError) and error.flagname.split(".")[0] in required:
        return _missing(error.flagname.split(".")[0])  # without a config file, its fields are no flags
    if isinstance(error, flags.Error):
        option, _, problem = first.removeprefix("flag ").partition(": ")
        if problem.startswith("Error whilst parsing config file"):  # followed by a traceback
            problem = last.partition(": ")[2]
        for pattern, words in PLAIN.items():
            problem = re.sub(pattern, words, problem)
        return f"{option}: {problem}" if problem else first
    if isinstance(error, OSError):
        return f"config file: {last.partition('] ')[2] or last}"
    field = re.match(r"\W*(\w+)\\?'", text)
    options = [option for option in argv if field and re.match(rf"--?\w[\w.]*\.{field[1]}\b", option)]
    if options:
        hint = re.search(r'Did you mean "(\w+)"', text)
        meant = f": did you mean '{hint[1]}'?" if hint else "."
        return f"{options[0].split('=')[0]}: the config has no field '{field[1]}'{meant}"
    return f"command line or config file: {type(error).__name__}: {first}"


def _missing(name: str) -> str:
    return f"--{name} is missing: {flags.FLAGS[name].help}"


def _keep_compiled_programs() -> None:
    """Compiling takes longer than a short run's training: programs are kept between runs unless jax is told where."""
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(Path("~/.cache/genmodels/programs").expanduser()))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def _choose_convolutions() -> None:
    """On CPU, jax 0.10 has two sets of kernels for convolutions and takes those that are up to twice as slow."""
    given = os.environ.get("XLA_FLAGS", "")
    if jax.__version_info__[:2] == (0, 10) and "ynn_fusion_type" not in given:
        os.environ["XLA_FLAGS"] = f"--xla_cpu_experimental_ynn_fusion_type= {given}"


def _stop(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
