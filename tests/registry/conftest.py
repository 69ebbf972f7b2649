"""Fixtures for tests of the registry: temporary catalogues and plug-ins."""

import pytest


@pytest.fixture
def catalog(tmp_path):
    """Write a catalogue and return its path; the head is one of `mylosses` unless it is given."""

    def write(types, head='library = "mylosses"'):
        path = tmp_path / "mylosses.toml"
        path.write_text(f"{head}\n{types}", encoding="utf-8")
        return path

    return write


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Install plug-ins: a package whose code leaves a mark if it runs, and the metadata of a distribution."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(distribution, library="mylosses", package="mylosses", files=()):
        folder = tmp_path / package
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text(
            f"import pathlib\npathlib.Path({str(tmp_path / 'it-ran')!r}).touch()\n"
        )
        for name, text in dict(files).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        info = tmp_path / f"{distribution}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[lossspec.catalogs]\n{library} = {package}\n")
        return folder

    install.mark = tmp_path / "it-ran"
    return install
