"""Editors: tombi and taplo read the committed schema, find the faults and complete what is typed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lossspec.language.documents.search import shipped
from lossspec.language.schema.committed import schema_path

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
HEAD = "#:schema ../schemas/lossspec.schema.json\n\nformat = 1\n"
SPECS = sorted(shipped().glob("*.loss.toml"))

# what the two must flag, and the line that tombi must name
BAD = {
    "a misspelt key": ('losses.a = { type = "torch.L1Loss", wieght = 1.0 }', "wieght"),
    "a misspelt argument": ('losses.a = { type = "torch.SmoothL1Loss", args = { bta = 1.0 } }', "bta"),
    "a misspelt section": ('loses.a = { type = "torch.L1Loss" }', "loses"),
    "a misspelt choice": ('losses.a = { type = "torch.L1Loss", args = { reduction = "men" } }', "men"),
    "a weight that is true": ('losses.a = { type = "torch.L1Loss", weight = true }', "Boolean"),
    "a bound": ('losses.a = { type = "torch.SmoothL1Loss", args = { beta = -1.0 } }', "-1"),
    "a misspelt key of a reduction": (
        'losses.a = { type = "torch.L1Loss", reduce = { bye = "batch" } }',
        "bye",
    ),
    "a reduction by 0": ('losses.a = { type = "torch.L1Loss", reduce = { by = 0 } }', "0"),
    "an empty reduction": ('losses.a = { type = "torch.L1Loss", reduce = {} }', "at least 1 keys"),
    "a misspelt form of lists": (
        'losses.a = { type = "torch.L1Loss", lists = { combin = "sum" } }',
        "combin",
    ),
    "a slice with a step": ('losses.a = { type = "torch.L1Loss", inputs = ["x[::2]", "y"] }', "x[::2]"),
    "a call": ('losses.a = { type = "torch.L1Loss", inputs = ["x.mean()", "y"] }', "x.mean()"),
    "a misspelt choice of a shared key": (
        'losses.a = { type = "torch.L1Loss", if_missing = "skp" }',
        "skp",
    ),
    "a misspelt key of a schedule": (
        'losses.a.weight = { type = "constant", value = 1.0, unti = "epoch" }',
        "unti",
    ),
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A folder with the schema and the shipped specs, where editors would find them."""
    root = tmp_path_factory.mktemp("workspace")
    (root / "specs").mkdir()
    (root / "schemas").mkdir()
    shutil.copy(schema_path(), root / "schemas")
    for path in SPECS:
        shutil.copy(path, root / "specs")
    return root


def tombi(root, *paths):
    command = [BIN / "tombi", "lint", "--offline", "--quiet", *paths]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def taplo(root, *paths):
    command = [BIN / "taplo", "lint", "--no-auto-config", *paths]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_every_shipped_spec_names_the_schema():
    assert [path.name for path in SPECS if not path.read_text().startswith(HEAD.split("\n", 1)[0])] == []


@pytest.mark.parametrize("lint", [tombi, taplo])
def test_the_shipped_specs_are_clean(workspace, lint):
    done = lint(workspace, *(f"specs/{path.name}" for path in SPECS))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("lint", [tombi, taplo])
@pytest.mark.parametrize("name", BAD)
def test_bad_ones_are_flagged(workspace, name, lint):
    text, word = BAD[name]
    (workspace / "specs" / "bad.loss.toml").write_text(HEAD + text + "\n")
    done = lint(workspace, "specs/bad.loss.toml")
    assert done.returncode != 0
    if lint is tombi:  # taplo is promised only to flag
        assert word in done.stdout + done.stderr
        assert "bad.loss.toml:4:" in done.stdout + done.stderr


def test_tombi_reads_toml_1_1_because_the_schema_says_so(workspace):
    text = 'losses.a = {\n  type = "torch.L1Loss",\n  inputs = ["\\x79", "y"],  # a comma\n}\n'
    (workspace / "specs" / "over_lines.loss.toml").write_text(HEAD + text)
    done = tombi(workspace, "specs/over_lines.loss.toml")
    assert done.returncode == 0, done.stdout + done.stderr


class Server:
    """A language server at the other end of two pipes: as much of the protocol as completion takes."""

    def __init__(self, root):
        self.root = root
        self.last = 0
        self.process = subprocess.Popen(
            [BIN / "tombi", "lsp", "--offline"],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        folder = {"uri": root.as_uri(), "name": "workspace"}
        self.ask(
            "initialize", processId=None, rootUri=root.as_uri(), workspaceFolders=[folder], capabilities={}
        )
        self.send(method="initialized", params={})

    def send(self, **message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self):
        size = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        return json.loads(self.process.stdout.read(size))

    def until(self, wanted):
        """Return the first message that is wanted; answer what the server asks meanwhile."""
        while True:
            message = self.receive()
            if wanted(message):
                return message
            if "method" in message and "id" in message:
                self.send(id=message["id"], result=None)

    def ask(self, method, **params):
        self.last += 1
        self.send(id=self.last, method=method, params=params)
        return self.until(lambda message: message.get("id") == self.last and "method" not in message)[
            "result"
        ]

    def complete(self, name, text):
        """Return the completions at the bar in a text."""
        found = self.at("completion", name, text)
        return [item["label"] for item in (found["items"] if isinstance(found, dict) else found or [])]

    def hover(self, name, text):
        """Return what is shown at the bar in a text."""
        return self.at("hover", name, text)["contents"]["value"]

    def at(self, feature, name, text):
        """Return what a feature finds at the bar in a text."""
        before, _, after = text.partition("|")
        uri = (self.root / "specs" / f"{name}.loss.toml").as_uri()
        document = {"uri": uri, "languageId": "toml", "version": 1, "text": before + after}
        self.send(method="textDocument/didOpen", params={"textDocument": document})
        self.until(
            lambda message: (message.get("params") or {}).get("uri") == uri
        )  # diagnostics: it was read
        position = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        return self.ask(f"textDocument/{feature}", textDocument={"uri": uri}, position=position)


@pytest.fixture(scope="module")
def server(workspace):
    made = Server(workspace)
    yield made
    made.process.kill()
    made.process.communicate()


SMOOTH = '[losses.a]\ntype = "torch.SmoothL1Loss"\n'
COMPLETIONS = {
    "types": ('[losses.a]\ntype = "|"\n', {'"torch.L1Loss"', '"lossspec.SobelLoss"', '"piq.SSIMLoss"'}),
    "arguments": (SMOOTH + "args = { | }\n", {"reduction", "beta"}),
    "arguments of a table": (SMOOTH + "[losses.a.args]\n|\n", {"reduction", "beta"}),
    "arguments in a variant": ("[variants.v." + SMOOTH[1:] + "args = { | }\n", {"reduction", "beta"}),
    "choices": (SMOOTH + 'args = { reduction = "|" }\n', {'"none"', '"mean"', '"sum"'}),
    "shared keys": (SMOOTH + "at|\n", {"at_zero"}),
    "shared choices": (SMOOTH + 'at_zero = "|"\n', {'"skip"', '"record"', '"compute"'}),
    "new shared keys": (SMOOTH + "re|\n", {"reduce"}),
    "optional terms": (SMOOTH + 'if_missing = "|"\n', {'"error"', '"skip"'}),
    "reductions": (SMOOTH + 'reduce = "|"\n', {'"mean"', '"sum"', '"batch"'}),
    "keys of a reduction": (SMOOTH + "reduce = { | }\n", {"weights", "by"}),
    "divisors": (SMOOTH + 'reduce = { by = "|" }\n', {'"elements"', '"weights"', '"batch"'}),
    "keys of a divisor": (SMOOTH + "reduce = { by = { | } }\n", {"name", "minimum"}),
    "keys of weights": (SMOOTH + "reduce = { weights = { | } }\n", {"name", "detach"}),
    "forms of lists": (SMOOTH + 'lists = "|"\n', {'"sum"', '"mean"', '"min"', '"max"'}),
    "keys of lists": (SMOOTH + "lists = { | }\n", {"combine", "decay", "pairs", "of"}),
    "pairs": (SMOOTH + 'lists = { combine = "mean", pairs = "|" }\n', {'"all"', '"different"'}),
    "lists in a variant": ("[variants.v." + SMOOTH[1:] + "lists = { | }\n", {"combine", "pairs"}),
    "schedules": (SMOOTH + '[losses.a.weight]\ntype = "|"\n', {'"linear"', '"cosine"', '"window"'}),
    "sections": ("|\n", {"losses", "params", "inputs", "variants"}),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLETIONS)
def test_completion(server, name):
    text, expected = COMPLETIONS[name]
    assert expected <= set(server.complete(name.replace(" ", "-"), HEAD + text))


def test_the_arguments_of_a_type_are_its_own(server):
    assert set(server.complete("own", HEAD + SMOOTH + "args = { | }\n")) == {"reduction", "beta"}


HOVERS = {
    "reduce": (SMOOTH + 're|duce = "mean"\n', "counts ignored items and ignores class weights"),
    "by": (SMOOTH + "reduce = { b|y = 5 }\n", "What the sum is divided by"),
    "lists": (SMOOTH + 'lis|ts = "min"\n', "Apply it to each element of list inputs and combine"),
    "decay": (SMOOTH + 'lists = { combine = "sum", de|cay = 0.8 }\n', "decay^(n-1-i), the last 1"),
    "if_missing": (SMOOTH + 'if_mis|sing = "skip"\n', "absent or None: raise an error, or skip the loss"),
    "a reference": (SMOOTH + 'inputs = ["x[*]|[-1]", "y"]\n', "[*] for each"),
}


@pytest.mark.parametrize("name", HOVERS)
def test_hover(server, name):
    text, expected = HOVERS[name]
    assert expected in server.hover(f"hover-{name.replace(' ', '-')}", HEAD + text)
