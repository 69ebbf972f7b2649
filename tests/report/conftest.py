"""Runs to report on: small specs with given term values, run and logged by the real manager."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import TYPE_CHECKING

import pytest
import torch

import lossspec
from lossspec import LossManager, Spec

if TYPE_CHECKING:
    from pathlib import Path

    from lossspec.log.reading.reader import LossLogData

#: The value of a term at (epoch, step).
Values = dict[str, Callable[[int, int], float]]


@pytest.fixture
def spec_of(tmp_path: Path) -> Callable[[str], Spec]:
    """Load the spec that a text says."""

    def spec_of(text: str, name: str = "tiny") -> Spec:
        path = tmp_path / f"{name}.loss.toml"
        path.write_text(f"format = 1\n{text}", encoding="utf-8")
        return lossspec.load(path)

    return spec_of


@pytest.fixture
def log_of(tmp_path: Path) -> Callable[..., LossLogData]:
    """Run a spec whose terms are all ``lossspec.Precomputed`` of an input of their own name in lower case."""

    def log_of(
        spec: Spec,
        values: Values,
        epochs: int = 1,
        steps: int = 1,
        *,
        folder: str = "run",
        total_steps: bool = False,
    ) -> LossLogData:
        with LossManager.from_spec(spec, experiment_dir=tmp_path / folder) as manager:
            totals = {"total_steps": epochs * steps} if total_steps else {"total_epochs": epochs}
            objectives = [manager.objective(name) for name in spec.objectives]
            for epoch in range(epochs):
                manager.set_progress(epoch=epoch, **totals)
                for step in range(epoch * steps, (epoch + 1) * steps):
                    for objective in objectives:
                        needed = objective.needed()
                        objective(**{name: torch.tensor(values[name](epoch, step)) for name in needed})
                    manager.step()
        return lossspec.read_log(tmp_path / folder)

    return log_of


#: Runs before the script of the page, and keeps its errors.
WATCH = """<script>
window.wrong = [];
addEventListener("error", (event) => wrong.push(String(event.message)));
addEventListener("securitypolicyviolation", (event) => wrong.push(`blocked ${event.blockedURI}`));
window.requestAnimationFrame = (draw) => setTimeout(draw, 16); // without a screen there are no frames
window.alert = (text) => wrong.push(`alert ${text}`);
</script>"""
#: Runs when the page has loaded; the result of `test` is written where `--dump-dom` shows it.
ASK = """<script>
addEventListener("load", async () => {
  const drawn = () => new Promise((done) => setTimeout(done, 100));
  let result;
  try { result = await (async () => { %s })(); } catch (error) { result = `failed: ${error.stack}`; }
  const found = document.createElement("pre");
  found.id = "found";
  found.textContent = JSON.stringify({ result, wrong });
  document.body.append(found);
});
</script>"""
FOUND = re.compile(r'<pre id="found">(.*?)</pre>', re.DOTALL)


@pytest.fixture
def ask(chromium: Callable[..., str], tmp_path: Path) -> Callable[..., object]:
    """Open a page and run a script in it, which acts as a reader would; return what it returns."""

    def ask(html: str, script: str, *, width: int = 1200, dark: bool = False) -> object:
        page = tmp_path / "asked.html"
        page.write_text(html.replace("<head>", f"<head>{WATCH}").replace("</body>", f"{ASK % script}</body>"))
        dom = chromium(
            f"--window-size={width},1000",
            "--virtual-time-budget=20000",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--dump-dom",
            page.as_uri(),
        )
        found = FOUND.search(dom)
        assert found is not None, dom[-2000:]
        answer = json.loads(unescape(found[1]))
        assert answer["wrong"] == []
        return answer["result"]

    return ask
