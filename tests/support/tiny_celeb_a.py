"""CelebA with 15 images of one grey each, in the layout of the real files."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from tensorflow_datasets.datasets.celeb_a import celeb_a_dataset_builder as registered

COUNTS = {"train": 8, "validation": 3, "test": 4}
TOTAL = sum(COUNTS.values())


def jpeg(number: int, size=(178, 218)) -> bytes:
    """An image of one colour that tells its number: 16 grey levels apart survive JPEG."""
    file = io.BytesIO()
    Image.new("RGB", size, (16 * number,) * 3).save(file, "JPEG", quality=95)
    return file.getvalue()


def numbers(split) -> list[int]:
    return [round(split.read(i).getpixel((0, 0))[0] / 16) for i in range(split.length)]


def write_files(manual: Path, members: dict[str, bytes] | None = None, counts: dict[str, int] = COUNTS) -> None:
    """Writes the five files of CelebA, 000001.jpg to 000015.jpg, with the layout of the real ones."""
    manual.mkdir(parents=True)
    total = sum(counts.values())
    files = [f"{i + 1:06}.jpg" for i in range(total)]
    members = members or {f"img_align_celeba/{name}": jpeg(i) for i, name in enumerate(files)}
    with zipfile.ZipFile(manual / "img_align_celeba.zip", "w") as archive:
        archive.writestr("img_align_celeba/", b"")
        for name, data in members.items():
            archive.writestr(name, data)
    partition = np.repeat([0, 1, 2], list(counts.values()))
    attributes = np.where(np.arange(total)[:, None] % 3 == np.arange(40) % 3, 1, -1)
    landmarks = np.arange(total)[:, None] * 10 + np.arange(10)

    def table(name: str, rows, *header: str) -> None:
        lines = [f"{file}  {' '.join(map(str, np.atleast_1d(row)))}" for file, row in zip(files, rows, strict=True)]
        (manual / name).write_text("\n".join([*header, *lines]) + "\n")

    table("list_eval_partition.txt", partition)
    table("identity_CelebA.txt", np.arange(total) + 100)
    table("list_attr_celeba.txt", attributes, str(total), " ".join(registered.ATTR_HEADINGS))
    table("list_landmarks_align_celeba.txt", landmarks, str(total), " ".join(registered.LANDMARK_HEADINGS))
