"""The command ``lossspec lsp``: its process, its extra, and what it imports."""

import subprocess
import sys

import pytest
from lsprotocol import types as lsp
from tests.server.conftest import Editor

GOOD = 'format = 1\nlosses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }\n'


def test_it_says_what_it_can_do(editor):
    can = editor.initialized.capabilities
    assert editor.initialized.server_info.name == "lossspec"
    assert can.text_document_sync.change == lsp.TextDocumentSyncKind.Full
    assert can.completion_provider.resolve_provider
    assert "quickfix" in can.code_action_provider.code_action_kinds
    for each in ("hover", "definition", "document_symbol", "code_lens"):
        assert getattr(can, f"{each}_provider")


def test_it_never_imports_torch_nor_numpy():
    work = (
        "import sys; from lossspec.server.server import make_server, warm; make_server(); warm()\n"
        "from lossspec.server import hover, completion; hover.describe('loss type', 'torch.L1Loss')\n"
        "print([name for name in ('torch', 'numpy', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", work], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_pygls_it_says_what_to_install(tmp_path):
    hide = "import sys; sys.modules['pygls'] = None; from lossspec.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", hide, "lsp"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    assert done.stderr == (
        'error: `lossspec lsp` needs pygls, which is not installed: pip install "lossspec[lsp]"\n'
    )


@pytest.mark.slow
def test_a_module_of_the_user_is_loaded_and_may_print(tmp_path):
    (tmp_path / "my_losses.py").write_text(
        "import lossspec\n"
        "print('hello')\n"
        "@lossspec.register_schedule('my_losses.halves')\n"
        "def halves(t: float, *, value: float = 1.0) -> float:\n"
        '    """Half of a value."""\n'
        "    return value / 2\n"
    )
    editor = Editor(tmp_path, "--stdio", "--load", "my_losses")
    assert "my_losses.halves" in editor.completions('losses.a.weight.type = "|"')
    assert "Half of a value." in editor.hover('losses.a.weight.type = "my_losses.hal|ves"')
    assert editor.close() == 0


def test_a_module_that_does_not_exist_is_an_error(tmp_path):
    command = [sys.executable, "-m", "lossspec", "lsp", "--load", "no_such_module"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "module `no_such_module` not found" in done.stderr


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'{"jsonrpc": "2.0", "id": 1}',
        b'{"jsonrpc": "2.0", "id": 7, "method": "no/such"}',
    ],
)
def test_a_message_that_makes_no_sense_does_not_end_it(tmp_path, body):
    editor = Editor(tmp_path)
    message = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    editor.loop.call_soon_threadsafe(editor.process.stdin.write, message)
    assert list(editor.problems(GOOD)) == []
    assert editor.close() == 0


def test_a_crash_in_one_request_does_not_end_it(tmp_path):
    """Hover fails here as a bug of ours would: it raises what nobody expects."""
    broken = (
        "import lossspec.server.server as server\n"
        "def fail(*_): raise RecursionError('a bug')\n"
        "server.hover.hover = server.diagnostics.diagnostics = fail\n"
        "from lossspec.cli import main; main()\n"
    )
    editor = Editor(tmp_path, command=(sys.executable, "-c", broken))
    with pytest.raises(Exception, match="a bug"):
        editor.hover('losses.a.type = "torch.L1|Loss"')
    assert editor.completions('losses.a.at_zero = "|"') == ["skip", "record", "compute"]
    assert editor.close() == 0
