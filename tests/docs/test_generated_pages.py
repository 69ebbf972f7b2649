"""The generated pages have every public name, option, code, loss, schedule and spec."""

import importlib
import inspect
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import click
import pytest

import lossspec
from lossspec import errors, losses, registry, report, schedules
from lossspec.cli import commands
from lossspec.language.diagnostics.codes import PAGE, codes

ROOT = Path(__file__).parents[2]
SPECS = sorted(path.name.removesuffix(".loss.toml") for path in (ROOT / "specs").glob("*.loss.toml"))
#: Public names that are packages: their members have pages of their own.
PACKAGES = {"lossspec.schedules"}


def module(generate, name):
    return importlib.import_module(f"{generate.__package__}.{name}")


def public_names():
    everywhere = [(errors, [name for name, each in vars(errors).items() if inspect.isclass(each)])]
    everywhere += [(package, package.__all__) for package in (lossspec, losses, report, schedules)]
    for package, names in everywhere:
        for name in names:
            if f"{package.__name__}.{name}" not in PACKAGES and not (
                package is schedules and name in schedules.TYPES
            ):
                yield package, name


def anchors(pages):
    return set(re.findall(r"\{ #(\S+) \}$", "\n".join(pages.values()), re.MULTILINE))


def test_every_public_name_is_in_the_reference(generated):
    known = anchors({path: text for path, text in generated.items() if path.startswith("reference/api/")})
    missing = []
    for package, name in public_names():
        is_error = inspect.isclass(getattr(package, name)) and name in vars(errors)
        where = "lossspec.errors" if is_error else package.__name__
        if f"{where}.{name}" not in known:
            missing.append(f"{where}.{name}")
    assert not missing


@pytest.mark.parametrize(
    ("package", "name"), [pytest.param(*each, id=f"{each[0].__name__}.{each[1]}") for each in public_names()]
)
def test_public_names_and_their_parameters_are_described(generate, package, name):
    api = module(generate, "api")
    value = getattr(package, name)
    if f"{package.__name__}.{name}" in api.VALUES:
        return
    described = {f"{name}.{member}": each for member, each in _members(api, value).items()} | {name: value}
    for where, each in described.items():
        text = inspect.getdoc(each) or ""
        assert text, f"{where} has no docstring"
        if isinstance(each, property) or (inspect.isclass(each) and "(" not in api.signature(name, each)):
            continue
        if not inspect.isclass(each) and "Args:" not in text:
            continue  # one sentence is enough for a short function
        parameters = set(inspect.signature(each).parameters) - {"self", "cls", "args", "kwargs"}
        silent = {each for each in parameters if not re.search(rf"\b{each}\b[\w, ]*:", text)}
        assert not silent, f"{where}: {silent}"


def _members(api, value):
    return api.members(value) if inspect.isclass(value) else {}


def walk(generate):
    return list(module(generate, "commands").walk(commands, "lossspec", None))


def test_every_command_and_every_option_is_documented(generate, generated):
    page = generated["reference/cli.md"]
    sections = dict(re.findall(r"^## `([^`]+)`$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    contexts = walk(generate)
    assert list(sections) == [context.command_path for context in contexts]
    for context in contexts:
        text = sections[context.command_path]
        assert context.command.help, f"{context.command_path} says nothing"
        for parameter in context.command.get_params(context):
            if parameter.name == "color" and parameter.hidden:
                continue  # an option of the program, which each command takes too
            if isinstance(parameter, click.Option):
                where = f"{context.command_path} {parameter.opts[0]}"
                assert parameter.help, f"{where} has no help"
                assert all(f"`{name}`" in text for name in parameter.opts), where
            else:
                assert parameter.make_metavar(context).strip("[].") in text


def test_a_new_option_appears(generate):
    """The page is made from the click commands, so nothing can be forgotten."""

    @click.command("tool", help="Does it. Example: tool --deep 3")
    @click.option("-d", "--deep", type=int, default=2, show_default=True, help="How deep; [brackets] stay.")
    @click.option("--how", type=click.Choice(["slow", "fast"]), help="How it is done.")
    def tool(deep, how):
        pass

    text = "\n".join(module(generate, "commands").sections(tool, "tool"))
    assert "| `-d`, `--deep` `INTEGER` | How deep; \\[brackets\\] stay. Default: `2`. |" in text
    assert "| `--how` `slow` `fast` | How it is done. |" in text
    assert "$ tool --deep 3" in text


def test_every_code_has_the_page_that_messages_link_to(generate, generated):
    site = re.search(r"^site_url: (\S+)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"{site[1]}errors/{{code}}/" == PAGE
    for code in codes().values():
        page = generated[f"errors/{code.name}.md"]
        assert page.startswith(f"---\ntitle: {code.name}\n---\n\n# `{code.name}`")
        assert f"({code.name}.md)" in generated["errors/index.md"]
        assert not code.example or f"[{code.name}]" in page, f"{code.name}: no message"
        assert "/tmp" not in page, "a page tells where it was made"


def test_every_loss_type_is_in_the_catalogue(generated):
    for name in [*registry.types(), *registry.balancers()]:
        page = generated[f"catalogue/{name.partition('.')[0]}.md"]
        assert f"`{name}` {{ #{name.replace('.', '-').lower()} }}" in page


def test_every_schedule_type_has_its_curve(generate, generated):
    curves = module(generate, "curves")
    assert set(curves.DRAWN) == set(schedules.TYPES)
    page = generated["catalogue/schedules.md"]
    assert all(f"\n## `{name}`\n" in page for name in schedules.TYPES)
    drawn = re.search(r'points="([^"]+)"', curves.picture("linear"))[1].split()
    heights = [float(point.split(",")[1]) for point in drawn]
    assert heights == sorted(heights), "the ramp falls, and so does the line"
    assert heights[0] == 8.0, "1, the highest value, is at the top"
    assert heights[-1] == 8.0 + 0.9 * 72


def test_every_spec_is_in_the_gallery_with_its_formula_typeset(generated):
    for name in SPECS:
        page = generated[f"gallery/{name}.md"]
        assert '<table class="equations">' in page
        assert f"({name}.md)" in generated["gallery/index.md"]
        assert not re.search(r"\\(frac|mathtt|lambda|begin)", page), "LaTeX that is not typeset"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mean_n x", '<msub><mi>mean</mi><mrow><mi>n</mi></mrow></msub><mspace width="0.2em"/><mi>x</mi>'),
        ("a - 1.5", "<mi>a</mi><mo>\N{MINUS SIGN}</mo><mn>1.5</mn>"),
        ("c_ij^2", "<msubsup><mi>c</mi><mrow><mi>ij</mi></mrow><mrow><mn>2</mn></mrow></msubsup>"),
        ("e^(-x)", "<msup><mi>e</mi><mrow><mo>\N{MINUS SIGN}</mo><mi>x</mi></mrow></msup>"),
        ("sum_i theta", "<mo>\N{N-ARY SUMMATION}</mo>"),
        ("i < j", "<mi>i</mi><mo>&lt;</mo><mi>j</mi>"),
    ],
)
def test_formulas_become_mathml(generate, text, expected):
    assert expected in module(generate, "formula").typeset(text)


def test_every_formula_of_a_docstring_is_typeset(generated):
    pages = [page for name, page in generated.items() if name.startswith("reference/api/")]
    formulas = re.findall(r'<div class="formula">.*?</div>', "\n".join(pages))
    assert len(formulas) > 20
    for formula in formulas:
        words = {node.text for node in ET.fromstring(formula).iter() if node.text}
        assert not {word for word in words if set(word) & set("_^\\{}")}, formula
    assert not any(mark in page for page in pages for mark in (".. math::", ":math:"))


def test_a_docstring_becomes_markdown(generate):
    text = """Does ``it``.

    .. math::
        a^2
        b = 1

    Args:
        name: what it is;
            in two lines.
        **options: those of ``f``.

    Raises:
        ValueError: never.

    >>> 1 + 1
    2
    """
    assert module(generate, "docstrings").docstring(text).split("\n\n") == [
        "Does `it`.",
        module(generate, "formula").typeset("a^2\nb = 1"),
        "**Parameters**",
        "- `name`: what it is; in two lines.\n- `**options`: those of `f`.",
        "**Raises**",
        "- `ValueError`: never.",
        "```pycon\n>>> 1 + 1\n2\n```",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a [b] <c> *d* e_f", r"a \[b\] \<c> \*d\* e\_f"), ("keep `x[0]` so", "keep `x[0]` so")],
)
def test_plain_text_is_escaped(generate, text, expected):
    assert module(generate, "markdown").escaped(text) == expected


def test_the_schemas_are_on_the_site(generate, tmp_path):
    root = Path(__file__).parents[2]
    entry = json.loads((root / ".ci" / "schemastore" / "catalog-entry.json").read_text("utf-8"))
    [address] = re.findall(r"^site_url: (.+)$", (root / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    generate.make(tmp_path / "site", {})
    published = tmp_path / "site" / entry["url"].removeprefix(address)
    assert published.read_bytes() == (root / "schemas" / "lossspec.schema.json").read_bytes()
