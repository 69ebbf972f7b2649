"""Runs the fenced blocks of a page in order, in one folder and one namespace.

The info string of a fence decides what happens to the block:

    ```toml title="my.loss.toml"       written to that file, and validated if it is a spec
    ```toml                            a spec without a name: validated
    ```toml title="x.loss.toml" wrong  written; a later `console` block shows what is wrong with it
    ```python                          executed; with title="x.py", written instead
    ```console                         each `$ ` line is run, its output compared; `...` is anything
    ```sh                              commands that install: a `make` target must exist
    ```yaml title="x.yml"              written to that file; so is ```json with a title
    ```text, ```json, ```mermaid ...   no code
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from attrs import frozen

import lossspec

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
TITLE = re.compile(r'title="([^"]+)"')


@frozen
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    language: str
    title: str | None
    wrong: bool
    code: str


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        info = match["info"].strip()
        title = TITLE.search(info)
        words = TITLE.sub("", info).split()
        code = re.sub(f"^{match['indent']}", "", match["code"], flags=re.MULTILINE)
        found.append(
            Block(
                page=page,
                line=text.count("\n", 0, match.start()) + 1,
                language=words[0] if words else "",
                title=title[1] if title else None,
                wrong="wrong" in words,
                code=code,
            )
        )
    return found


NO_CODE = {"", "text", "json", "mermaid", "diff", "latex", "yaml", "lua", "html"}


def _environment() -> dict[str, str]:
    """The environment of the tests, with the commands of the package first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "100"}


def run_toml(block: Block, folder: Path) -> None:
    name = block.title or "unnamed.loss.toml"
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.code, encoding="utf-8")
    if name.endswith(".loss.toml") and not block.wrong:
        assert lossspec.validate(path) == [], f"{block.page}:{block.line}"


def run_console(block: Block, folder: Path) -> None:
    checker = doctest.OutputChecker()
    for command, expected in re.findall(
        r"^\$ ([^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", block.code, flags=re.MULTILINE
    ):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=_environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        same = checker.check_output(expected.rstrip(), done.stdout.rstrip(), doctest.ELLIPSIS)
        assert same, (
            f"{block.page}:{block.line}: `{command}` printed\n{done.stdout}\nthe page says\n{expected}"
        )


def run_sh(block: Block) -> None:
    for command in block.code.splitlines():
        target = re.fullmatch(r"make (\S+)", command)
        if target:
            subprocess.run(["make", "--dry-run", target[1]], cwd=ROOT, check=True, capture_output=True)


def run_page(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    module = ModuleType("page")
    for block in blocks_of(page):
        where = f"{page}:{block.line}"
        if block.language == "toml":
            run_toml(block, folder)
        elif block.language in {"python", "json", "yaml"} and block.title:
            (folder / block.title).write_text(block.code, encoding="utf-8")
        elif block.language == "python":
            exec(compile("\n" * block.line + block.code, str(page), "exec"), module.__dict__)
        elif block.language == "console":
            run_console(block, folder)
        elif block.language == "sh":
            run_sh(block)
        else:
            assert block.language in NO_CODE, f"{where}: what is a block of `{block.language}`?"
