"""How every command starts and ends."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import jax
from absl import app, flags, logging

from genmodels.errors import UsageError


def run(main: Callable[[], None], required: tuple[str, ...] = ()) -> None:
    """Parses the command line and runs `main`; what the user can mend ends in plain words and exit code 2."""

    def parse(argv):
        try:
            rest = flags.FLAGS(argv)
            if len(rest) > 1:
                raise UsageError(f"'{rest[1]}' is not a flag: write --name=value.")
            for name in required:
                if flags.FLAGS[name].value is None:
                    raise UsageError(f"--{name} is missing.")
        except UsageError as error:
            _stop(str(error))
        except (flags.Error, AttributeError, KeyError, TypeError, ValueError, OSError) as error:
            # ml_collections reports a misspelt field or a wrong type by any of these.
            _stop(f"command line: {_plain(error)}")
        return rest

    def guarded(_):
        try:
            main()
        except UsageError as error:
            _stop(str(error))

    logging.set_verbosity(logging.ERROR)  # orbax and tfds narrate
    _keep_compiled_programs()
    app.run(guarded, flags_parser=parse)


def _keep_compiled_programs() -> None:
    """Compiling takes longer than a short run's training: programs are kept between runs unless jax is told where."""
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(Path("~/.cache/genmodels/programs").expanduser()))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def _plain(error: Exception) -> str:
    text = str(error.args[0]) if error.args else str(error)
    return " ".join(text.split("\n")[:2])


def _stop(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
