"""CelebA's five files in a data_dir, registered in place of the real ones, and no network."""

import hashlib
from pathlib import Path

import pytest
from tensorflow_datasets.core.download.checksums import UrlInfo

from genmodels.data import celeb_a_builder
from tests.support.tiny_celeb_a import write_files


@pytest.fixture
def register(monkeypatch):
    """Registers the checksums of the files in a manual folder, in place of the real ones."""

    def register_files(manual: Path) -> None:
        infos = {}
        for name, url in celeb_a_builder.URLS.items():
            data = (manual / name).read_bytes()
            infos[url] = UrlInfo(size=len(data), checksum=hashlib.sha256(data).hexdigest(), filename=name)
        monkeypatch.setattr(celeb_a_builder.CelebAArrayRecord, "url_infos", infos)

    return register_files


@pytest.fixture
def offline(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("no network in tests")

    monkeypatch.setattr(celeb_a_builder.urllib.request, "urlopen", refuse)
    monkeypatch.setattr("requests.Session.get", refuse)


@pytest.fixture
def data_dir(tmp_path, register, offline) -> Path:
    """A data_dir with the five files in downloads/manual/ and their checksums registered."""
    manual = tmp_path / "downloads" / "manual"
    write_files(manual)
    register(manual)
    return tmp_path
