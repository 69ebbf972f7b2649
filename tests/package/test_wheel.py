"""The wheel finds its specs and schemas, installed or imported from a zip."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LOAD = 'import lossspec; print(lossspec.load("pix2pix+extended").digest)'


def run(*command: str | Path, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def digest(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the checkout itself makes of the spec, from a folder where no ./specs is in the way."""
    return run(sys.executable, "-c", LOAD, folder=tmp_path_factory.mktemp("elsewhere"))


def test_the_wheel_holds_specs_schemas_and_py_typed(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"lossspec/specs/{path.name}" for path in (ROOT / "specs").glob("*.loss.toml")}
    assert expected
    assert expected | {"lossspec/schemas/lossspec.schema.json", "lossspec/py.typed"} <= names


def test_an_empty_environment_loads_a_spec_by_name(programs: Path, digest: str, tmp_path: Path) -> None:
    assert run(programs / "python", "-I", "-c", LOAD, folder=tmp_path) == digest


def test_a_zipped_import_loads_a_spec_by_name(wheel: Path, digest: str, tmp_path: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(wheel)!r}); {LOAD}; print(lossspec.__file__)"
    loaded, where = run(sys.executable, "-c", code, folder=tmp_path).splitlines()
    assert (loaded, str(wheel) in where) == (digest, True)


def test_the_source_distribution_builds_the_same_wheel(tmp_path: Path, wheel: Path) -> None:
    hatchling = (sys.executable, "-m", "hatchling", "build", "--directory", tmp_path, "--target")
    run(*hatchling, "sdist", folder=ROOT)
    (sdist,) = tmp_path.glob("*.tar.gz")
    run("tar", "xzf", sdist.name, folder=tmp_path)
    run(*hatchling, "wheel", folder=tmp_path / sdist.name.removesuffix(".tar.gz"))
    (rebuilt,) = tmp_path.glob("*.whl")
    assert set(zipfile.ZipFile(rebuilt).namelist()) == set(zipfile.ZipFile(wheel).namelist())


def test_dependencies_are_the_few_that_the_design_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {requirement.split(">=")[0] for requirement in project["dependencies"]}
    assert names == {"attrs", "cattrs", "click", "docstring-parser", "jsonschema", "tomli", "tomli-w"}
