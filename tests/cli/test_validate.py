"""``lossspec validate``: targets, output, exit codes and ``--fix``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lossspec.cli.validate import validate_command
from lossspec.language.text.limits import MAX_BYTES

GOOD = 'format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["y_hat", "y"] }\n'
BAD = GOOD.replace(" }", ", wieght = 2.0 }")
LINE = "a.loss.toml:2:63: error[unknown-key]: unknown key `wieght` in `losses.l1`"


def run(*arguments, stdin=None):
    result = CliRunner().invoke(validate_command, arguments, input=stdin, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOSSSPEC_PATH", raising=False)
    return tmp_path


def write(path, text=GOOD):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def looked_at(*arguments):
    """Return the files that are looked at: each has a problem of its own."""
    code, output, errors = run(*arguments, "--format", "concise")
    assert code == 1, errors
    return list(dict.fromkeys(line.split(":")[0] for line in output.splitlines()))


class TestTargets:
    @pytest.fixture(autouse=True)
    def files(self, folder):
        for name in (
            "b.loss.toml",
            "a.loss.toml",
            "sub/c.loss.toml",
            "sub/deep/d.loss.toml",
            ".hidden/e.loss.toml",
            "sub/.hidden.loss.toml",
            "other.toml",
            "sub/c.loss.toml.bak",
        ):
            write(name, BAD)

    def test_without_arguments_all_below_in_order(self):
        assert looked_at() == [
            "a.loss.toml", "b.loss.toml", "sub/.hidden.loss.toml", "sub/c.loss.toml", "sub/deep/d.loss.toml",
        ]  # fmt: skip

    def test_folders_and_files_in_the_order_given_each_once(self):
        assert looked_at("sub/deep", "b.loss.toml", "./b.loss.toml", "sub") == [
            "sub/deep/d.loss.toml", "b.loss.toml", "sub/.hidden.loss.toml", "sub/c.loss.toml",
        ]  # fmt: skip

    def test_a_hidden_folder_that_is_asked_for(self):
        assert looked_at(".hidden") == [".hidden/e.loss.toml"]

    @pytest.mark.parametrize(
        ("exclude", "expected"),
        [
            ('["sub"]', ["a.loss.toml", "b.loss.toml"]),
            ('["sub/"]', ["a.loss.toml", "b.loss.toml"]),
            ('["sub/deep", "a.loss.toml"]', ["b.loss.toml", "sub/.hidden.loss.toml", "sub/c.loss.toml"]),
            ('["sub/*"]', ["a.loss.toml", "b.loss.toml"]),
            ('["deep", "[ab].*"]', ["sub/.hidden.loss.toml", "sub/c.loss.toml"]),
        ],
    )
    def test_what_the_project_excludes(self, exclude, expected):
        write("pyproject.toml", f"[tool.lossspec]\nexclude = {exclude}\n")
        assert looked_at() == expected

    def test_exclude_is_relative_to_the_project(self, monkeypatch):
        write("pyproject.toml", '[tool.lossspec]\nexclude = ["sub/deep"]\n')
        assert looked_at("sub") == ["sub/.hidden.loss.toml", "sub/c.loss.toml"]
        assert looked_at("sub/deep/d.loss.toml") == ["sub/deep/d.loss.toml"]
        monkeypatch.chdir("sub")
        assert looked_at() == [".hidden.loss.toml", "c.loss.toml"]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('[tool.lossspec]\nexclud = ["x"]', "unknown key `exclud` in `tool.lossspec`"),
            ('[tool.lossspec]\nexclude = "x"', "`tool.lossspec.exclude` must be an array of strings"),
            ('[tool.lossspec]\nignore = ["unknown-key"]', "unknown warning `unknown-key`"),
            ("[tool", "cannot read"),
        ],
    )
    def test_invalid_project_settings(self, text, message):
        write("pyproject.toml", text)
        code, output, errors = run()
        assert (code, output) == (2, "")
        assert message in errors

    def test_a_project_without_settings(self):
        write("pyproject.toml", "[project]\nname = 'x'\n")
        assert len(looked_at()) == 5

    def test_a_name_is_looked_up_and_a_path_is_not(self, monkeypatch):
        write("specs/mine.loss.toml", BAD)
        write("elsewhere/yours.loss.toml", BAD)
        monkeypatch.setenv("LOSSSPEC_PATH", "elsewhere")
        assert looked_at("mine", "yours") == ["specs/mine.loss.toml", "elsewhere/yours.loss.toml"]

    def test_variants_are_tried_together(self):
        text = GOOD + "variants.a.losses.l1.weight = 2.0\nvariants.b.losses.l1.weight = 3.0\n"
        write("x.loss.toml", text)
        assert run("x.loss.toml")[0] == 0
        code, output, _ = run("x.loss.toml+a+b", "--format", "concise")
        assert (code, output.split(":")[3].strip()) == (1, "error[variant-conflict]")

    def test_an_inherited_problem_is_reported_once(self):
        write("child_1.loss.toml", 'format = 1\nextends = "a"\n')
        write("child_2.loss.toml", 'format = 1\nextends = "a"\n')
        _, alone, _ = run("a.loss.toml", "--format", "concise")
        _, all_three, errors = run(
            "a.loss.toml", "child_1.loss.toml", "child_2.loss.toml", "--format", "concise"
        )
        assert all_three == alone
        assert errors == "3 specs, 1 problem in 3 of them\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.loss.toml"], "file `missing.loss.toml` not found"),
        (["nowhere"], "spec `nowhere` not found"),
        (["empty"], "no file under `empty` ends in `.loss.toml`"),
        ([], "no file under `.` ends in `.loss.toml`"),
        (["notes.toml"], "`notes.toml` is not a spec: the name of its file must end in `.loss.toml`"),
        (["a b"], "`a b` is not a valid reference"),
        (["a\0b"], "is not a valid reference"),
        (["a" * 5000], "not found in"),
        (["a" * 5000 + ".loss.toml"], "not found"),
        (["good.loss.toml", "--format", "yaml"], "'yaml' is not one of"),
        (["good.loss.toml", "--load", "no_such_module"], "module `no_such_module` not found"),
        (["-", "--fix"], "--fix needs paths of files"),
        (["pix2pix", "--fix"], "--fix needs paths of files"),
    ],
)
def test_a_wrong_call_exits_with_2_and_prints_no_problem(folder, arguments, message):
    (folder / "empty").mkdir()
    write("notes.toml", "")
    if arguments and arguments[0].startswith("good"):
        write("good.loss.toml")
    code, output, errors = run(*arguments)
    assert (code, output) == (2, "")
    assert message in errors
    assert "Traceback" not in errors


class TestOutput:
    def test_valid_specs_print_nothing(self, folder):
        write("a.loss.toml")
        assert run() == (0, "", "1 spec, no problems\n")
        write("b.loss.toml")
        assert run("a.loss.toml", "b.loss.toml") == (0, "", "2 specs, no problems\n")
        assert run("--format", "github")[:2] == (0, "")
        assert run("--format", "json")[:2] == (0, "[]\n")

    def test_full(self, folder):
        write("a.loss.toml", BAD + "inptus = {}\n")
        code, output, errors = run()
        assert (code, errors) == (1, "1 spec, 2 problems\n")
        first, second = output.split("\n\n")
        assert first.startswith(
            "error[unknown-key]: unknown key `wieght` in `losses.l1`\n --> a.loss.toml:2:63\n  |"
        )
        assert second.startswith("error[unknown-key]: unknown key `inptus`\n --> a.loss.toml:3:1\n  |\n3 |")
        assert "\x1b" not in output

    def test_concise(self, folder):
        write("a.loss.toml", BAD)
        assert run("--format", "concise")[1].splitlines()[-1] == LINE

    def test_github(self, folder):
        write("a,b:c%.loss.toml", BAD)
        assert run("--format", "github")[1].splitlines()[-1] == (
            "::error file=a%2Cb%3Ac%25.loss.toml,line=2,col=63,endLine=2,endColumn=69,title=unknown-key::"
            "unknown key `wieght` in `losses.l1`%0Aa key with a similar name exists: `weight`"
        )

    def test_json(self, folder):
        write("a.loss.toml", BAD)
        found = json.loads(run("--format", "json")[1])[-1]
        assert found == {
            "code": "unknown-key",
            "severity": "error",
            "message": "unknown key `wieght` in `losses.l1`",
            "path": "a.loss.toml",
            "range": {"start": {"line": 2, "column": 63}, "end": {"line": 2, "column": 69}},
            "help": "a key with a similar name exists: `weight`",
            "suggestion": {
                "replacement": "weight",
                "certain": True,
                "ranges": [{"start": {"line": 2, "column": 63}, "end": {"line": 2, "column": 69}}],
            },
            "related": [],
            "url": "https://lossspec.readthedocs.io/en/latest/errors/unknown-key/",
        }

    def test_json_of_two_places_and_no_help(self, folder):
        write("a.loss.toml", "format = 1\nformat.b = 2\n")
        (found,) = json.loads(run("--format", "json")[1])
        assert found["related"] == [
            {
                "path": "a.loss.toml",
                "range": {"start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 7}},
                "message": "first defined here",
            }
        ]
        assert (found["help"], found["suggestion"]) == (None, None)

    def test_json_without_a_position(self, folder):
        (folder / "a.loss.toml").symlink_to("nowhere")
        (found,) = json.loads(run("--format", "json")[1])
        assert (found["code"], found["range"]) == ("unreadable", None)


class TestStandardInput:
    def test_it_is_read(self, folder):
        assert run("-", stdin=GOOD) == (0, "", "1 spec, no problems\n")
        code, output, _ = run("-", "--format", "concise", stdin=BAD)
        assert (code, output.splitlines()[-1]) == (1, LINE.replace("a.loss.toml", "<stdin>"))

    def test_stdin_filename_names_it_and_finds_parents(self, folder):
        write("specs_of_mine/base.loss.toml")
        child = 'format = 1\nextends = "base"\nlosses.l1.wieght = 2.0\n'
        code, output, _ = run(
            "-", "--stdin-filename", "specs_of_mine/x.loss.toml", "--format", "concise", stdin=child
        )
        assert (code, output.splitlines()) == (
            1,
            ["specs_of_mine/x.loss.toml:3:11: error[unknown-key]: unknown key `wieght` in `losses.l1`"],
        )

    def test_reading_stops_at_the_limit(self, folder):
        code, output, _ = run("-", "--format", "concise", stdin=b"#" * (MAX_BYTES * 40))
        assert (code, output.split(": ")[1]) == (1, "error[too-large]")

    def test_bytes_that_are_not_text(self, folder):
        assert "error[not-utf-8]" in run("-", stdin=b"\xff")[1]


class TestFix:
    def test_only_certain_fixes_are_applied(self, folder):
        text = (
            "\ufeff# loses wieght\r\nformat = 1\r\n[loses.l1] # loses\r\ntype = 'torch.nn.L1Loss'\r\n"
            'inputs = ["y_hat", "y"]\r\nloss_weight\t= .5\r\n\r\n[loses.l2]\r\n"kwargs" = {}\r\n'
            "type: 'torch.MSELoss'\r\ninputs = ['y_hat', 'y',]\r\n"
        )
        write("a.loss.toml", text)
        code, output, errors = run("--fix", "a.loss.toml")
        assert (code, output) == (0, "")
        assert Path("a.loss.toml").read_bytes().decode() == (
            '\ufeff# loses wieght\r\nformat = 1\r\n[losses.l1] # loses\r\ntype = "torch.L1Loss"\r\n'
            'inputs = ["y_hat", "y"]\r\nweight\t= 0.5\r\n\r\n[losses.l2]\r\nargs = {}\r\n'
            "type = 'torch.MSELoss'\r\ninputs = ['y_hat', 'y',]\r\n"
        )
        *fixed, summary = errors.splitlines()
        assert summary == "1 spec, no problems"
        assert set(fixed) == {
            "fixed a.loss.toml:6:15: `.5` is now `0.5`",
            "fixed a.loss.toml:10:5: `:` is now ` =`",
            "fixed a.loss.toml:3:2: `loses` is now `losses`",
            "fixed a.loss.toml:4:8: `'torch.nn.L1Loss'` is now `\"torch.L1Loss\"`",
            "fixed a.loss.toml:6:1: `loss_weight` is now `weight`",
            "fixed a.loss.toml:8:2: `loses` is now `losses`",
            'fixed a.loss.toml:9:1: `"kwargs"` is now `args`',
        }

    def test_what_is_left_is_reported(self, folder):
        write("a.loss.toml", BAD + "losses.l2 = { type = 'torch.nn.MSELoss', inputs = ['y_hat'] }\n")
        code, output, errors = run("--fix", "--format", "concise")
        message = "`losses.l2` must have 2 inputs for `torch.MSELoss`, got 1"
        assert (code, output) == (1, f"a.loss.toml:3:48: error[input-count]: {message}\n")
        assert errors.endswith("1 spec, 1 problem\n")

    def test_valid_and_unfixable_files_are_not_written(self, folder):
        write("a.loss.toml")
        write("b.loss.toml", "format = 1\nlosses.l1 = { type = 'torch.L1Loss', inputs = ['y'] }\n")
        for name in ("a.loss.toml", "b.loss.toml"):
            os.utime(name, (1, 1))
        code, _, errors = run("--fix")
        assert (code, errors) == (1, "2 specs, 1 problem in 1 of them\n")
        assert [Path(name).stat().st_mtime for name in ("a.loss.toml", "b.loss.toml")] == [1, 1]

    def test_two_keys_that_would_become_one_are_left(self, folder):
        text = GOOD.replace(" }", ", weight = 1.0, wieght = 2.0 }")
        write("a.loss.toml", text)
        assert run("--fix")[0] == 1
        assert Path("a.loss.toml").read_text() == text

    def test_a_parent_is_not_fixed_for_its_child(self, folder):
        write("parents/base.loss.toml", BAD)
        write("child.loss.toml", 'format = 1\nextends = "base"\n')
        os.environ["LOSSSPEC_PATH"] = "parents"
        try:
            assert run("child.loss.toml", "--fix")[0] == 1
        finally:
            del os.environ["LOSSSPEC_PATH"]
        assert Path("parents/base.loss.toml").read_text() == BAD


def test_a_module_of_the_users_registers_losses(folder):
    write(
        "my_losses.py",
        "import lossspec\n@lossspec.register_loss('my_losses.Mine')\nclass Mine:\n"
        "    def __init__(self, power: float = 1.0) -> None: ...\n"
        "    def forward(self, x: object) -> object: ...\n",
    )
    write(
        "a.loss.toml",
        "format = 1\nlosses.a = { type = 'my_losses.Mine', inputs = ['x'], args = { power = 2.0 } }\n",
    )
    assert "error[unknown-type]" in run()[1]
    assert run("--load", "my_losses") == (0, "", "1 spec, no problems\n")


def process(*arguments, **more):
    program = [sys.executable, "-m", "lossspec", "validate", *arguments]
    return subprocess.run(program, capture_output=True, check=False, **more)


def test_a_terminal_without_unicode(folder):
    write("a.loss.toml", GOOD.replace("}", ", wieght = 1, tags = ['日本'] }"))
    result = process(env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert result.returncode == 1
    assert b"\\u65e5\\u672c" in result.stdout
    assert b"Traceback" not in result.stderr


def test_a_good_file_imports_little(folder):
    write("a.loss.toml")
    program = (
        "import sys\nfrom lossspec.cli import commands\n"
        "try: commands(['validate', 'a.loss.toml'])\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        "print(*sorted(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = set(result.stdout.split())
    assert imported & {
        "torch", "numpy", "cattrs", "difflib", "lossspec.language.text.tables",
        "lossspec.language.diagnostics.locate", "lossspec.language.text.reading",
        "lossspec.language.diagnostics.render", "lossspec.cli.validating.sarif",
    } == set()  # fmt: skip


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}], ids=str)
def test_colours_are_for_terminals_that_want_them(folder, monkeypatch, variables):
    import pty

    write("a.loss.toml", BAD)
    main, other = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "", **variables}
    program = [sys.executable, "-m", "lossspec", "validate"]
    subprocess.run(program, stdout=other, stderr=subprocess.DEVNULL, check=False, env=environment)
    os.close(other)
    shown = os.read(main, 10_000)
    os.close(main)
    assert (b"\x1b[1;31merror" in shown) == (variables == {})


def test_fix_repairs_pasted_text(folder):
    write(
        "a.loss.toml",
        """format = "1"
params.lambda_l1 = 1.0

[losses.gan]
_target_ = "lossspec.GANLoss"
perceptual_weight = "${lambda_l1}"
gan_type = "hinge"
role = "G"
inputs = ["pred_fake"]

[losses.l2]
type = "torch.MSELoss"
inputs = ["x", "y"]

[variants.a]
lambda_l1 = 3.0

[variants.b]
remove = ["l2"]
""",
    )
    code, output, _ = run("a.loss.toml", "--fix")
    assert (code, output) == (0, "")
    assert (
        Path("a.loss.toml").read_text()
        == """format = 1
params.lambda_l1 = 1.0

[losses.gan]
type = "lossspec.GANLoss"
weight = "${lambda_l1}"
args.mode = "hinge"
args.role = "G"
inputs = ["pred_fake"]

[losses.l2]
type = "torch.MSELoss"
inputs = ["x", "y"]

[variants.a]
params.lambda_l1 = 3.0

[variants.b]
remove = ["losses.l2"]
"""
    )


def test_a_missing_path_names_the_nearest(folder):
    write("restore.loss.toml")
    code, _, errors = run("restor.loss.toml")
    assert code == 2
    assert (
        "file `restor.loss.toml` not found: a file with a similar name exists: `restore.loss.toml`" in errors
    )
