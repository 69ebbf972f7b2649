"""Validation sections on the page of a run."""

import pytest
import torch

from lossspec import LossManager, read_log
from lossspec.report.run.page import report
from lossspec.report.run.page_data import NamedLog

CURVES = """
const svg = document.querySelector("svg[tabindex]");
return {
  dashes: [...svg.querySelectorAll("path.validation")].map((path) => getComputedStyle(path).strokeDasharray),
  words: svg.closest("figure").textContent,
};
"""


@pytest.mark.parametrize(
    ("names", "dashes", "words"),
    [
        ([], [], None),
        (["validation"], ["5px, 3px"], "dashed: validation"),
        (["seen", "unseen"], ["5px, 3px", "9px, 3px"], "dashed, shortest first: seen, unseen"),
    ],
)
def test_each_section_has_its_dashes(tmp_path, ask, names, dashes, words):
    with LossManager(experiment_dir=tmp_path / "run") as manager:
        manager.register_loss_fn("l", lambda x: x)
        for epoch in range(4):
            manager.set_progress(epoch=epoch)
            manager.compute_loss("l", torch.tensor(float(epoch)))
            for number, name in enumerate(names):
                with manager.validating(name):
                    manager.compute_loss("l", torch.tensor(10.0 * epoch + number))
    found = ask(report([NamedLog("run", read_log(tmp_path / "run"))]), CURVES)
    assert found["dashes"] == dashes
    assert words is None or words in found["words"]
