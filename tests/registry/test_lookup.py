"""Lookup by name: the order of the sources, how little is read, and names that are taken."""

import subprocess
import sys

import pytest
import tomli

import lossspec
from lossspec.errors import MissingExtraError, RegistrationError
from lossspec.registry import (
    balancers,
    catalog,
    find,
    installed_spec_folders,
    libraries,
    load,
    lookup,
    missing_library,
    summaries,
    types,
)
from lossspec.registry.entry import LossType

CATALOG = 'library = "mylosses"\n[types.Mine]\nsummary = "Of the plug-in."\ninputs.x = "(N)"\n'


def test_finding_reads_one_type_of_one_library(monkeypatch):
    monkeypatch.setattr(lookup, "builtin_type", catalog.builtin_type.__wrapped__)  # without its cache
    parsed = []
    loads = tomli.loads
    monkeypatch.setattr(tomli, "loads", lambda text: parsed.append(text) or loads(text))
    assert find("torch.L1Loss").summary == "Mean absolute error."
    [text] = parsed
    assert 'library = "torch"' in text
    assert text.count("[types.") == 2  # the type and its arguments


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "torch",
        "torch.",
        "torch.nn.L1Loss",
        "l1",
        "../torch.L1Loss",
        "torch/../x.Y",
        "__builtins__.eval",
        "os.system",
        "torch.L1Loss\n",
    ],
)
def test_only_names_in_a_catalogue_are_found(name):
    assert find(name) is None


def test_types_are_sorted_and_of_one_library_if_asked():
    assert list(types()) == sorted(types())
    assert {entry.library for entry in types("piq").values()} == {"piq"}
    assert types("piq").keys() == summaries("piq").keys()
    assert types("nothing") == {}
    assert libraries() == tuple(sorted(libraries()))


def test_a_plugin_is_found_and_none_of_its_code_runs(plugin):
    plugin("my-losses", files={"catalog/mylosses.toml": CATALOG, "specs/mine.loss.toml": "format = 1\n"})
    assert find("mylosses.Mine").summary == "Of the plug-in."
    assert find("mylosses.Mine").owner == "the installed package `my-losses`"
    assert "mylosses" in libraries()
    assert "mylosses.Mine" in types()
    assert summaries("mylosses") == {"mylosses.Mine": "Of the plug-in."}
    assert [path.name for path in installed_spec_folders().values()] == ["specs"]
    assert list(installed_spec_folders()) == ["my-losses: mylosses"]
    assert missing_library(find("mylosses.Mine")) == ""
    assert not plugin.mark.exists()
    with pytest.raises(MissingExtraError, match=r"`mylosses:Mine` is missing in the installed"):
        load(find("mylosses.Mine"))
    assert plugin.mark.exists()


def test_a_plugin_may_ship_specs_only(plugin):
    plugin("my-specs", files={"specs/mine.loss.toml": "format = 1\n"})
    assert "mylosses" not in libraries()
    assert list(installed_spec_folders()) == ["my-specs: mylosses"]


def test_two_plugins_of_one_library_are_both_named(plugin):
    for distribution in ("first", "second"):
        plugin(distribution, files={"catalog/mylosses.toml": CATALOG})
    with pytest.raises(RegistrationError, match=r"`mylosses` has two owners, `first` and `second`"):
        find("mylosses.Mine")
    assert find("torch.L1Loss") is not None


def test_a_plugin_cannot_take_a_library_of_ours(plugin):
    plugin("evil", library="torch", files={"catalog/torch.toml": CATALOG.replace("mylosses", "torch")})
    assert find("torch.L1Loss").owner == "lossspec"
    with pytest.warns(RuntimeWarning, match="`torch` has two owners, `lossspec` and `evil`"):
        assert "torch" in libraries()


def test_a_broken_plugin_stops_only_what_asks_for_it(plugin, tmp_path):
    plugin("my-losses")
    (tmp_path / "my-losses-1.0.dist-info" / "entry_points.txt").write_text(
        "[lossspec.catalogs]\nmylosses = nowhere_to_be_found\n"
    )
    problem = "the plug-in `mylosses` of `my-losses` is left out: .* must be an installed package"
    with pytest.warns(RuntimeWarning, match=problem):
        assert "mylosses" not in libraries()
    with pytest.warns(RuntimeWarning, match=problem):
        assert installed_spec_folders() == {}
    assert find("torch.L1Loss").owner == "lossspec"
    with pytest.raises(RegistrationError, match="must be an installed package"):
        find("mylosses.Mine")


@pytest.mark.parametrize(
    ("package", "message"),
    [
        ("mylosses.inner", "must be a top-level package"),
        ("nowhere_to_be_found", "must be an installed package"),
    ],
)
def test_an_entry_point_names_an_installed_top_level_package(plugin, tmp_path, package, message):
    plugin("my-losses")
    (tmp_path / "my-losses-1.0.dist-info" / "entry_points.txt").write_text(
        f"[lossspec.catalogs]\nmylosses = {package}\n"
    )
    with pytest.raises(RegistrationError, match=message):
        find("mylosses.Mine")
    assert not plugin.mark.exists()


def test_a_catalogue_has_the_library_of_its_entry_point(plugin):
    plugin("my-losses", files={"catalog/mylosses.toml": CATALOG.replace('"mylosses"', '"other"')})
    with pytest.raises(RegistrationError, match="`library` must be `mylosses`"):
        find("mylosses.Mine")


def test_the_order_is_built_in_then_in_process_then_installed(plugin):
    plugin("my-losses", files={"catalog/mylosses.toml": CATALOG})
    with pytest.raises(
        RegistrationError,
        match=r"`mylosses\.Mine` is already registered by the installed package `my-losses`: the module `",
    ):
        lossspec.register_loss("mylosses.Mine")(lambda x: x)
    with pytest.raises(
        RegistrationError, match=r"`torch\.L1Loss` is already registered by lossspec: the module `"
    ):
        lossspec.register_loss("torch.L1Loss")(lambda x: x)
    lossspec.register_loss("mylosses.Another")(lambda x: x)
    assert list(types("mylosses")) == ["mylosses.Another", "mylosses.Mine"]


@pytest.mark.parametrize(
    ("extra", "command"), [("mine", 'pip install "lossspec[mine]"'), ("", 'pip install "my-losses"')]
)
def test_a_missing_library_is_named_with_what_installs_it(extra, command):
    entry = LossType("nowhere.X", "nowhere:X", "X.", distribution="my-losses", extra=extra)
    message = f"`nowhere.X` needs my-losses, which is not installed: {command}"
    assert missing_library(entry) == message
    with pytest.raises(MissingExtraError) as caught:
        load(entry)
    assert str(caught.value) == message


def test_an_import_error_of_a_library_is_not_hidden(tmp_path, monkeypatch):
    (tmp_path / "halfthere.py").write_text("import nowhere_to_be_found")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        load(LossType("halfthere.X", "halfthere:X", "X."))


def test_every_extra_is_in_pyproject():
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for entry in [*types().values(), *balancers().values()]:
        wanted = "torch" if entry.distribution == "lossspec" else entry.distribution
        assert any(each.startswith(wanted) for each in extras[entry.extra])
        assert entry.extra == "torch" or "lossspec[torch]" in extras[entry.extra]


def test_the_registry_imports_no_torch_and_little_else():
    code = (
        "import sys; from lossspec.registry import find, types; find('torch.L1Loss'); find('monai.DiceLoss');"
        "assert not {'torch', 'importlib.metadata', 'jsonschema', 'cattrs', 'click'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
