"""Finding specs by name: where, in which order, and what is refused."""

import re

import pytest

import lossspec
from lossspec.errors import LossSpecError, UnknownNameError
from lossspec.language.documents import search as find_module
from lossspec.language.documents.search import every, find

TEXT = 'format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["y_fake", "y"] }\n'


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Folders for every rank of the search path, each empty, with the shipped specs out of the way."""
    made = {name: tmp_path / name for name in ("env1", "env2", "work/specs", "plugin1", "plugin2", "shipped")}
    for path in made.values():
        path.mkdir(parents=True)
    monkeypatch.setenv("LOSSSPEC_PATH", f"{made['env1']}:{made['env2']}:")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(
        "lossspec.registry.installed.installed_spec_folders",
        lambda: {"plugin-one": made["plugin1"], "plugin-two": made["plugin2"]},
    )
    monkeypatch.setattr(find_module, "shipped", lambda: made["shipped"])
    return made


def put(folder, name="a"):
    path = folder / f"{name}.loss.toml"
    path.write_text(TEXT)
    return path


ORDER = ["env1", "env2", "work/specs", "plugin1", "shipped"]


@pytest.mark.parametrize("index", range(len(ORDER)))
def test_the_order_of_folders(places, index):
    for name in ORDER[index:]:
        put(places[name])
    assert find("a").path.resolve() == (places[ORDER[index]] / "a.loss.toml").resolve()


def test_the_folder_beside_is_first(places, tmp_path):
    put(places["env1"])
    mine = put(tmp_path)
    assert find("a", beside=tmp_path).path == mine


def test_a_spec_never_finds_itself(places):
    mine, theirs = put(places["work/specs"]), put(places["shipped"])
    assert find("a", beside=mine.parent, besides=mine).path == theirs


def test_a_name_in_two_plugins_is_an_error(places):
    put(places["plugin1"])
    put(places["plugin2"])
    with pytest.raises(LossSpecError, match="spec `a` is shipped by both `plugin-one` and `plugin-two`"):
        find("a")


def test_an_earlier_folder_hides_two_plugins(places):
    for name in ("work/specs", "plugin1", "plugin2"):
        put(places[name])
    assert find("a").folder.owner == "./specs"


def test_an_unknown_name_lists_nearest_and_folders(places):
    put(places["env1"], "pix2pix")
    with pytest.raises(UnknownNameError) as caught:
        find("pix2pixx")
    assert str(caught.value) == (
        "spec `pix2pixx` not found in LOSSSPEC_PATH, ./specs, plugin-one, plugin-two, lossspec: "
        "a spec with a similar name exists: `pix2pix`"
    )
    with pytest.raises(UnknownNameError, match=re.escape("expected `pix2pix`")):
        find("zzz")


def test_a_link_out_of_the_search_path_is_refused(places, tmp_path):
    secret = put(tmp_path, "secret")
    (places["env1"] / "a.loss.toml").symlink_to(secret)
    with pytest.raises(LossSpecError, match="is a symbolic link out of its folder"):
        find("a")


def test_a_link_within_its_folder_is_followed(places):
    put(places["env1"], "b")
    (places["env1"] / "a.loss.toml").symlink_to("b.loss.toml")
    assert find("a").path.name == "a.loss.toml"


def test_a_folder_can_be_a_link(places, tmp_path):
    put(places["env2"])
    (tmp_path / "link").symlink_to(places["env2"])
    assert find("a", beside=tmp_path / "link").path.parent.name == "link"


def test_a_folder_of_that_name_is_not_a_spec(places):
    (places["env1"] / "a.loss.toml").mkdir()
    put(places["shipped"])
    assert find("a").folder.owner == "lossspec"


def test_every_lists_shadowed_files(places):
    first, second, third = put(places["env1"]), put(places["work/specs"]), put(places["shipped"])
    put(places["shipped"], "b")
    listed = {each.name: each for each in every()}
    assert list(listed) == ["a", "b"]
    assert listed["a"].path == first
    assert [path.resolve() for path in listed["a"].shadows] == [second.resolve(), third.resolve()]
    assert listed["b"].shadows == ()


def test_shipped_specs_are_found():
    assert (find_module.shipped() / "pix2pix.loss.toml").is_file()


@pytest.mark.parametrize(
    ("reference", "written"), [("mine", "mine.loss.toml"), ("mine+a+b", "mine.loss.toml+a+b")]
)
def test_a_file_in_the_current_folder_is_suggested(places, reference, written):
    put(places["work/specs"].parent, "mine")
    put(places["shipped"], "mines")
    with pytest.raises(UnknownNameError) as caught:
        lossspec.load(reference)
    assert str(caught.value).endswith(f": for the file in this folder, write `{written}`")
    [found] = lossspec.validate(reference)
    assert found.message == str(caught.value)


def test_a_missing_path_suggests_the_nearest_file(tmp_path):
    restore = put(tmp_path, "restore")
    [found] = lossspec.validate(tmp_path / "restor.loss.toml")
    assert (found.code, found.help) == ("unreadable", f"a file with a similar name exists: `{restore}`")
    [found] = lossspec.validate(tmp_path / "zzz.loss.toml")
    assert found.help == ""
