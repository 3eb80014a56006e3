"""A trained model to hand on: a folder as in `runs.exported`, with a model card and without a path of this machine."""

import json
import shutil
import tempfile
from pathlib import Path

from genmodels import methods, runs
from genmodels.errors import UsageError
from genmodels.model import abstract_weights
from genmodels.report import card
from genmodels.runs import checkpoint, data, exported, history, origin
from genmodels.runs.files import write_whole

ELSEWHERE = {"dir": "", "cache_dir": "~/.cache/genmodels", "labels": ""}  # places in config.data, the same everywhere


def write(workdir: Path, out: Path) -> int:
    """Writes the newest checkpoint of a run as an exported model to `out`, which appears complete or not at all.

    Returns its step. Raises UsageError for what is not a run or has no checkpoint, and if `out` is inside of it, is
    not empty or cannot be written.
    """
    exported.refuse(workdir, "copy its folder")
    runs.check_is_run(workdir)
    config = runs.read_config(workdir)
    step, weights = checkpoint.restore_weights(workdir, None, abstract_weights(methods.make(config), config))
    if out.resolve().is_relative_to(workdir.resolve()):
        raise UsageError(f"--out={out} is inside the run {workdir}: choose a folder outside.")
    fields = config.to_dict()
    fields["data"] |= ELSEWHERE
    try:
        if out.exists() and not (out.is_dir() and not any(out.iterdir())):
            raise UsageError(f"--out={out} exists and is not an empty folder: choose a new one.")
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f"{out.name}.partial-") as partial:
            made = Path(partial) / "model"  # tempfile's own folder is closed to others
            exported.write(made, step, weights)
            exported.write_derived(workdir, made, step)
            for record in (data.FILE, origin.FILE):
                if (workdir / record).exists():
                    shutil.copyfile(workdir / record, made / record)
            history.write(made, history.read(workdir, config, step))
            write_whole(made / "config.json", json.dumps(fields, indent=2) + "\n")
            write_whole(made / "README.md", card.text(workdir, config, step, weights, out.resolve().name))
            made.rename(out)
    except OSError as error:
        raise UsageError(f"--out={out} cannot be written ({error.strerror}): choose another folder.") from error
    return step
