"""What a release publishes: notes, recipe, citation, catalogue entry, and the workflow that does it."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import jsonschema
import pytest
import yaml

from lossspec import __version__

ROOT = Path(__file__).parents[2]
STORE = ROOT / ".ci" / "schemastore"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CHANGELOG = """# Changelog

## Unreleased

What comes next.

## 1.3.0 (2030-01-02)

### Training

- Faster.

## 1.2.0

Older.
"""


@pytest.fixture
def release(tmp_path, monkeypatch):
    """The script, for a project of version 1.3.0 in an empty folder."""
    spec = importlib.util.spec_from_file_location("release", ROOT / ".ci" / "release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "src" / "lossspec").mkdir(parents=True)
    (tmp_path / "src" / "lossspec" / "_version.py").write_text('"""Version."""\n\n__version__ = "1.3.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (tmp_path / "dist").mkdir()
    (tmp_path / ".ci").symlink_to(ROOT / ".ci")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def test_the_notes_are_the_section_of_the_tag(release):
    assert release.notes("v1.3.0") == "### Training\n\n- Faster.\n"
    (release.ROOT / "CHANGELOG.md").write_text(CHANGELOG.replace("1.3.0 (2030-01-02)", "Other"))
    assert release.notes("") == "What comes next.\n"
    with pytest.raises(SystemExit, match=r"nothing under `## 1.3.0`"):
        release.notes("v1.3.0")


def test_a_tag_of_another_version_stops_the_release(release):
    with pytest.raises(SystemExit, match=r"the tag is v1.2.0, but src/lossspec/_version.py has 1.3.0"):
        release.notes("v1.2.0")


def test_the_changelog_has_notes_of_this_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## (Unreleased|{re.escape(__version__)})", text, re.MULTILINE)


def test_the_recipe_gets_its_version_and_hash(release):
    with pytest.raises(SystemExit, match="run `make dist`"):
        release.recipe()
    (release.ROOT / "dist" / "lossspec-1.3.0.tar.gz").write_bytes(b"abc")
    made = yaml.safe_load(release.recipe())
    assert made["context"]["version"] == "1.3.0"
    assert made["source"]["sha256"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert "env.get" not in release.recipe()


def _plain(requirement: str) -> tuple[str, str]:
    name, _, least = requirement.partition(">=")
    return re.sub("[-_. ]+", "-", name.strip()).lower(), least


def test_the_recipe_needs_what_the_package_needs():
    recipe = yaml.safe_load((ROOT / ".ci" / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    needs = recipe["requirements"]
    python, *run = needs["run"]
    assert {_plain(each) for each in run} == {_plain(each) for each in PROJECT["dependencies"]}
    assert (python, PROJECT["requires-python"]) == ("python >=${{ python_min }}", ">=3.11")
    torch = _plain(PROJECT["optional-dependencies"]["torch"][0])[1]
    assert needs["run_constraints"] == [f"pytorch >={torch}"]
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    assert {_plain(each) for each in build} <= {_plain(each) for each in needs["host"]}
    assert recipe["build"]["python"]["entry_points"] == ["lossspec = lossspec.cli:main"]
    assert recipe["about"]["license"] == PROJECT["license"]


def test_the_citation_agrees_with_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["license"] == PROJECT["license"]
    assert [each["name"] for each in citation["authors"]] == [each["name"] for each in PROJECT["authors"]]
    assert citation["title"].startswith(PROJECT["name"])
    assert "version" not in citation  # src/lossspec/_version.py is the only place that has it


def test_the_version_is_in_one_place():
    assert PROJECT["dynamic"] == ["version", "readme"]
    again = re.compile(rf"(?<![\d.]){re.escape(__version__)}(?![\d.])")
    files = [
        ROOT / name for name in ("pyproject.toml", "CITATION.cff", "README.md", "mkdocs.yml", "Makefile")
    ]
    files += [*(ROOT / ".ci").rglob("*.*"), *(ROOT / ".github").rglob("*.yml"), *(ROOT / "src").rglob("*.py")]
    found = [path.name for path in files if again.search(path.read_text(encoding="utf-8"))]
    assert [name for name in found if name != "pyproject.toml"] == ["_version.py"]


class TestWorkflows:
    @pytest.fixture(params=["ci.yml", "release.yml"])
    def workflow(self, request):
        return yaml.safe_load((ROOT / ".github" / "workflows" / request.param).read_text(encoding="utf-8"))

    def test_each_command_is_a_target_of_the_makefile(self, workflow):
        targets = set(
            re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        )
        commands = [
            step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
        ]
        made = [match[1] for each in commands if (match := re.match(r"make (?:--silent )?([a-z-]+)", each))]
        assert made
        assert set(made) <= targets
        others = [each for each in commands if not each.startswith(("make ", "mkdir ", "gh release create "))]
        assert others == []

    def test_no_job_may_more_than_it_needs(self, workflow):
        assert workflow["permissions"] == {"contents": "read"}
        assert "secrets" not in json.dumps(workflow)

    def test_only_tested_builds_are_published(self):
        workflow = yaml.safe_load(
            (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
        )
        build, publish, release = (workflow["jobs"][name] for name in ("build", "publish", "release"))
        assert workflow[True] == {"push": {"tags": ["v*"]}}  # YAML reads `on` as true
        runs = [step.get("run") for step in build["steps"]]
        assert runs.index("make test") < runs.index("make dist")
        assert publish["needs"] == "build"
        assert publish["permissions"] == {"id-token": "write"}
        assert publish["environment"]["name"] == "pypi"
        assert publish["steps"][-1] == {"uses": "pypa/gh-action-pypi-publish@release/v1"}
        assert release["needs"] == "publish"
        assert release["permissions"] == {"contents": "write"}

    def test_what_is_downloaded_was_uploaded(self):
        workflow = yaml.safe_load(
            (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
        )
        uploaded, downloaded = set(), set()
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                if "upload-artifact" in step.get("uses", ""):
                    uploaded.add(step["with"]["name"])
                if "download-artifact" in step.get("uses", ""):
                    downloaded.add(step["with"].get("name"))
        assert (uploaded, downloaded) == ({"dist", "release"}, {"dist", None})


class TestSchemaStore:
    def test_the_entry_is_one_of_its_catalogue(self):
        """The rules are those of its own schema-catalog.json, and its order of keys."""
        entry = json.loads((STORE / "catalog-entry.json").read_text(encoding="utf-8"))
        assert list(entry) == ["name", "description", "fileMatch", "url"]
        assert entry["fileMatch"] == ["*.loss.toml"]
        schema = json.loads((ROOT / "schemas" / "lossspec.schema.json").read_text(encoding="utf-8"))
        assert entry["url"] == schema["$id"]
        assert entry["url"].startswith("https://")

    @pytest.mark.parametrize("path", sorted(STORE.rglob("*.toml")), ids=lambda path: path.stem)
    def test_its_test_files_are_what_their_folder_says(self, path):
        schema = json.loads((ROOT / "schemas" / "lossspec.schema.json").read_text(encoding="utf-8"))
        document = tomllib.loads(path.read_text(encoding="utf-8"))  # its reader is of TOML 1.0, as this one
        errors = list(jsonschema.Draft7Validator(schema).iter_errors(document))
        assert bool(errors) == (path.parents[1].name == "negative_test")
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert (path.parent / first.removeprefix("#:schema ")).resolve().parts[-2:] == (
            "schemas",
            "lossspec.schema.json",
        )


@pytest.mark.slow
def test_the_page_on_pypi_has_no_relative_link(wheel):
    with zipfile.ZipFile(wheel) as archive:
        [name] = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(archive.read(name))
    assert metadata["Version"] == __version__
    page = metadata.get_payload(decode=True).decode()
    links = re.findall(r"\]\(([^)\s]+)\)", page)
    assert len(links) > 8
    assert [each for each in links if not each.startswith("https://")] == []
    site = "https://lossspec.readthedocs.io/en/latest/"
    for each in (link.removeprefix(site) for link in links if link.startswith(site)):
        source = each.rstrip("/")
        assert any(
            (ROOT / "docs" / name).exists() for name in (each, f"{source}.md", f"{source}/index.md")
        ), each
