"""A file or a folder that cannot be read or written, or is no picture: one message from each command."""

import pytest
import torch
from click.testing import CliRunner
from tests.fuzz.batches import batch

from lossspec import LossManager
from lossspec.cli import commands
from lossspec.errors import LossSpecError

CALLS = {
    "log plot run -o taken/x": "cannot write `taken/x`: Not a directory",
    "log plot run -o taken": "cannot write `taken`: File exists",
    "log export run --format tensorboard -o taken/x": "cannot write `taken/x`: Not a directory",
    "log export run -o taken/x": "cannot write `taken/x`: Not a directory",
    "report run -o taken/x": "cannot write `taken/x`: Not a directory",
    "plot pix2pix -o taken/x.svg": "cannot write `taken/x.svg`: Not a directory",
    "plot pix2pix -o x.html": "-o must end in one of .svg, .png, .pdf, got `x.html`",
    "probe pix2pix --objective D --batch batch.pt -o taken/x.svg": "cannot write `taken/x.svg`: Not a",
    "probe pix2pix --objective D --batch batch.pt -o x.html": "-o must end in one of .svg, .png, .pdf, got",
    "export pix2pix --to python -o taken/x": "cannot write `taken/x`: Not a directory",
    "schema -o taken/x": "cannot write `taken/x`: Not a directory",
    f"new {'a' * 300}": "File name too long",
    f"log show {'a' * 300}": "File name too long",
    f"report {'a' * 300}": "File name too long",
    "new taken/x.loss.toml": "cannot write `taken/x.loss.toml`: Not a directory",
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    (tmp_path / "batch.pt").write_bytes(batch("pt"))
    with LossManager.from_spec("pix2pix", experiment_dir="run", device="cpu") as manager:
        logits = torch.zeros(1, 1, 2, 2)
        manager.objective("D")(pred_real=logits, pred_fake=logits)


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS, ids=range(len(CALLS)))
def test_it_is_one_message(call, here):
    ran = CliRunner().invoke(commands, call.split())
    assert isinstance(ran.exception, SystemExit | LossSpecError), ran.exception
    assert ran.exit_code in {1, 2}
    assert CALLS[call] in f"{ran.output}{ran.exception}"
