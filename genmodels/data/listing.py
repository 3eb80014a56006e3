"""The files of images below a folder, and in words what was passed over there."""

import dataclasses
import hashlib
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from genmodels.data import outputs
from genmodels.data.fields import shown

SHOWN = 3  # names told of each kind


@dataclasses.dataclass
class Ignored:
    """What was passed over below a folder, by relative names."""

    others: Counter = dataclasses.field(default_factory=Counter)  # files by their suffix
    hidden: list[str] = dataclasses.field(default_factory=list)
    unreadable: list[str] = dataclasses.field(default_factory=list)  # folders
    links: list[str] = dataclasses.field(default_factory=list)  # to folders
    own: dict[str, int] = dataclasses.field(default_factory=dict)  # images that this program made, by their place

    def words(self) -> list[str]:
        """Returns each kind that there is, with its count and some names."""
        most = sorted(self.others, key=lambda suffix: (-self.others[suffix], suffix))
        suffixes = [f"{self.others[suffix]:,} {suffix}" for suffix in most[:SHOWN]] + ["..."] * (len(most) > SHOWN)
        found = {
            "other files": (self.others.total(), ", ".join(suffixes)),
            "hidden": (len(self.hidden), some(self.hidden)),
            "folders that cannot be read": (len(self.unreadable), some(self.unreadable)),
            "links to folders": (len(self.links), some(self.links)),
            "images made by this program": (sum(self.own.values()), some(self.own)),
        }
        return [f"{kind}: {count:,} ({which})" for kind, (count, which) in found.items() if count]


def images_below(
    root: Path, *, suffixes: Sequence[str], follows: Callable[[str], bool] = lambda name: True
) -> tuple[list[str], Ignored]:
    """Lists the files of some `suffixes`, in any case, in a folder and below it -> (relative names in order, the rest).

    Links to folders whose relative name `follows` accepts are followed, each folder being entered once. Hidden files
    and folders, folders that cannot be read and what this program wrote are ignored.
    """
    found, ignored, written = [], Ignored(), outputs.written_into(root)
    for base, folders, files in _walk(root, follows, ignored):
        if base and (kind := outputs.kind({*folders, *files})):
            ignored.own[f"{base} of a {kind}"] = _count(root / base, suffixes)
            folders.clear()
            continue
        ignored.hidden += [base + name for name in (*folders, *files) if _is_hidden(name)]
        own = {name for name in folders if written(f"{base}{name}/")}
        ignored.own |= {f"{base}{name}/": _count(root / base / name, suffixes) for name in own}
        folders[:] = [name for name in folders if not _is_hidden(name) and name not in own]
        for name in files:
            if _is_hidden(name):
                continue
            if not name.lower().endswith(tuple(suffixes)):
                ignored.others[os.path.splitext(name)[1].lower() or "without suffix"] += 1
            elif written(base + name):
                ignored.own[base + name] = 1
            else:
                found.append(base + name)
    return sorted(found), ignored


def fingerprint(root: Path, names: list[str]) -> str:
    """Hashes names, sizes and times of change: files that change are decoded anew."""
    digest = hashlib.sha256()
    for name in names:
        try:
            status = os.stat(root / name)
            state = status.st_size, status.st_mtime_ns
        except OSError:  # a link to nowhere: reported, or skipped, when it is read
            state = None
        digest.update(repr((name, state)).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def some(names: Iterable[str]) -> str:
    """Returns the first few names, for a line of text."""
    names = sorted(map(shown, names))
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def _walk(root: Path, follows: Callable[[str], bool], ignored: Ignored) -> Iterator[tuple[str, list, list]]:
    """Iterates over folders as os.walk does -> (relative name with a slash behind it, folders, files).

    Links come last, so that a folder which is also there by itself keeps its own name.
    """
    entered = {_identity(parent) for parent in root.resolve().parents}  # a link there would bring in all of it
    waiting = deque([root])

    def note(error: OSError) -> None:
        ignored.unreadable.append(Path(error.filename).relative_to(root).as_posix())

    while waiting:
        for parent, folders, files in os.walk(waiting.popleft(), onerror=note):
            base = "" if Path(parent) == root else Path(parent).relative_to(root).as_posix() + "/"
            if _identity(parent) in entered:
                ignored.links.append(base)
                folders.clear()
                continue
            entered.add(_identity(parent))
            yield base, folders, files
            for name in sorted(name for name in folders if os.path.islink(os.path.join(parent, name))):
                if follows(base + name):
                    waiting.append(Path(parent, name))
                else:
                    ignored.links.append(f"{base}{name}/")


def _identity(folder: str | Path) -> tuple[int, int]:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def _count(folder: Path, suffixes: Sequence[str]) -> int:
    return sum(name.lower().endswith(tuple(suffixes)) for _, _, files in os.walk(folder) for name in files)
