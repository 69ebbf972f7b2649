"""The language server: what an editor waits for in a spec of 300 lines, through the protocol.

Each request comes right after an edit, so that nothing is computed yet. The goal is for the median, since the
machine may be busy; the worst is shown beside it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from tests.benchmarks.paired import compile_package
from tests.server.conftest import Editor

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 0.1  # seconds
BURST = 0.3  # seconds from the last of 50 edits, 10 ms apart, to its problems
ROUNDS = 15
HEAD = """\
format = 1
extends = "pix2pix"

[params]
lambda_l1 = 10.0

"""
TERM = """\
[losses.term_{index}]
type = "torch.SmoothL1Loss"
args = {{ beta = 0.5 }}
inputs = ["y_fake", "y"]
objective = "G"

[losses.term_{index}.weight]
type = "linear"
unit = "epoch"
start = 1
end = 9
start_value = 0.0
end_value = "${{lambda_l1}}"

"""


def spec(lines: int = 300) -> str:
    """Return a spec of so many lines: every other line of it is a schedule's."""
    text, index = HEAD, 0
    while text.count("\n") < lines:
        text += TERM.format(index=index)
        index += 1
    return text


def main() -> bool:
    """Print the times, and say whether each is within its goal."""
    compile_package()
    with tempfile.TemporaryDirectory() as name:
        editor = Editor(Path(name))
        editor.problems(spec())
        editor.completions(spec() + 'losses.a = { type = "|')  # the first one waits for the catalogues
        good = [told(what, times(editor, work), GOAL) for what, work in requests(editor).items()]
        good += [told("problems after 50 quick edits", [burst(editor) for _ in range(3)], BURST)]
        editor.close()
    return all(good)


def requests(editor: Editor) -> dict[str, Callable[[str], object]]:
    """Return what an editor asks, each with an edit before it."""
    middle = "[losses.term_9]\n"

    def after(text: str, more: str) -> str:
        return text.replace(middle, middle + more, 1)

    def asked(text: str, method: str, kind: type) -> object:
        editor.show(text)
        return editor.of(method, kind)

    return {
        "problems": editor.problems,
        "completion of a type": lambda text: editor.completions(f'{text}losses.a = {{ type = "|'),
        "completion of a key": lambda text: editor.completions(after(text, "w|\n")),
        "completion of a parameter": lambda text: editor.completions(f'{text}losses.a.weight = "${{|'),
        "hover": lambda text: editor.hover(text.replace('"torch.Sm', '"torch.S|m', 1)),
        "definition": lambda text: editor.definition(text.replace("${lam", "${l|am", 1)),
        "symbols": lambda text: asked(text, "document_symbol", lsp.DocumentSymbolParams),
        "lenses": lambda text: asked(text, "code_lens", lsp.CodeLensParams),
    }


def times(editor: Editor, work: Callable[[str], object]) -> list[float]:
    """Return the times of some rounds; each begins once the server is idle."""
    found = []
    for index in range(ROUNDS):
        text = f"{spec()}# {index}\n"
        editor.problems(text)
        start = perf_counter()
        work(f"{text}\n")
        found.append(perf_counter() - start)
        editor.wait()
    return found


def burst(editor: Editor) -> float:
    """Return how long the problems of the last of 50 quick edits take."""
    for index in range(50):
        editor.show(f"{spec()}description{index} = 1\n")
        sleep(0.01)
    start = perf_counter()
    editor.wait()
    return perf_counter() - start


def told(what: str, found: list[float], goal: float) -> bool:
    """Print the median and the worst of some times, and return whether the median is within its goal."""
    middle = median(found)
    verdict = "" if middle <= goal else "  over the goal"
    print(
        f"  {what:32}{1000 * middle:8.1f} ms, worst {1000 * max(found):6.1f}  goal {1000 * goal:.0f}{verdict}"
    )
    return middle <= goal


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
