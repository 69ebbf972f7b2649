"""Files that cannot be read, or that were made to do harm: a clear error, nothing run, nothing written."""

import cProfile
import zipfile

import pytest

from lossspec.convert import import_file
from lossspec.errors import ConfigError, MissingExtraError

PIXEL = "train: {pixel_opt: {type: L1Loss, loss_weight: 1.0}}"


def refused(tmp_path, name, content, match):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    profile = cProfile.Profile()
    with pytest.raises(ConfigError, match=match):
        profile.runcall(import_file, path, "basicsr")
    assert sum(entry.callcount for entry in profile.getstats()) < 5_000_000


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system ['touch ran']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!mine {}",
    ],
)
def test_tags_that_run_code(tmp_path, monkeypatch, tag):
    monkeypatch.chdir(tmp_path)
    refused(tmp_path, "a.yml", f"train:\n  pixel_opt: {tag}\n", r"a\.yml:2:14: the tag `.*` is refused")
    assert [each.name for each in tmp_path.iterdir()] == ["a.yml"]


def test_tags_of_plain_types_are_read(tmp_path):
    path = tmp_path / "a.yml"
    path.write_text(
        "model_type: !!str SRModel\ntrain: {pixel_opt: {type: L1Loss, loss_weight: !!float 1e-2}}"
    )
    assert import_file(path).losses["pix"].table["weight"] == 0.01


@pytest.mark.parametrize(
    "text",
    ["a: &a [*a]", "a: &a {b: {c: *a}}", "a: &a\n  <<: *a\n"],
)
def test_anchors_that_hold_themselves(tmp_path, text):
    refused(tmp_path, "a.yml", text, r"`\*a` holds itself")


def test_aliases_that_grow(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    refused(tmp_path, "a.yml", "\n".join(lines), "more than 100,000 values once its aliases are filled in")


def test_an_anchor_used_twice_is_read(tmp_path):
    path = tmp_path / "a.yml"
    path.write_text(
        "model_type: SRModel\npixel: &pixel {type: L1Loss, loss_weight: 0.5}\ntrain: {pixel_opt: *pixel}\n"
    )
    assert import_file(path).losses["pix"].table["weight"] == 0.5


@pytest.mark.parametrize("suffix", [".yml", ".json", ".toml"])
def test_files_of_any_size(tmp_path, suffix):
    path = tmp_path / f"large{suffix}"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(ConfigError, match="is larger than 1048576 bytes"):
        import_file(path, "basicsr")


def test_an_archive_that_grows(tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (50 << 20))
    with pytest.raises(ConfigError, match="is larger than 1048576 bytes"):
        import_file(path)


def test_an_archive_that_is_damaged(tmp_path):
    path = tmp_path / "damaged.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", '{"a": 1}' * 100)
    data = bytearray(path.read_bytes())
    data[45:50] = b"\xff" * 5
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="must be a model that Keras 3 saved"):
        import_file(path)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.yml", "[" * 100_000, "is nested too deeply"),
        ("a.json", "[" * 100_000, "is nested too deeply"),
        ("a.json", '{"a":' * 100 + "1" + "}" * 100, "is nested too deeply"),
        ("a.toml", "a = " + "[" * 100_000, r"a\.toml"),
        ("a.yml", "a: [1, 2", r"a\.yml:2:1: did not find expected"),
        ("a.yml", "a: b: c", r"a\.yml:1:5: mapping values are not allowed"),
        ("a.yml", "a: 2020-13-45", r"a\.yml: month must be in"),
        ("a.yml", "{[1]: 2}", r"a\.yml"),
        ("a.yml", "a: \0", r"a\.yml"),
        ("a.yml", "- 1\n- 2", "must hold a table, got an array"),
        ("a.yml", "", "must hold a table"),
        ("a.json", '{"a": 1,}', r"a\.json:1:"),
        ("a.json", "9" * 5000, r"a\.json: "),
        ("a.json", b"\xff\xfe", "must be UTF-8 text, got other bytes at 0"),
        ("a.toml", "a = ", r"a\.toml: Invalid value"),
        ("a.keras", "no zip", "must be a model that Keras 3 saved"),
        ("losses.py", b"x = 1", "for code, write `losses:FUNCTION`"),
        ("a.pkl", b"\x80\x04.", r"its name must end in \.json, \.toml, \.yml, \.yaml, \.keras"),
        ("a.yml", "a: 1", "has no losses of BasicSR"),
        ("a.yml", "train: [1]", "has no losses of BasicSR"),
        ("a.yml", "train: {pixel_opt: ~}", "has no losses of BasicSR"),
    ],
)  # fmt: skip
def test_files_of_the_wrong_kind(tmp_path, name, content, match):
    refused(tmp_path, name, content, match)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the file: No such file or directory"):
        import_file(tmp_path / "none.yml")
    with pytest.raises(ConfigError, match="cannot read the file: Is a directory"):
        import_file((tmp_path / "folder.yml", (tmp_path / "folder.yml").mkdir())[0])


def test_keys_of_any_kind(tmp_path):
    path = tmp_path / "a.yml"
    path.write_text("1: 2\ntrue: 3\nmodel_type: SRModel\ntrain: {pixel_opt: {type: L1Loss, 5: 6}, 7: {8: 9}}")
    imported = import_file(path)
    assert [*imported.losses] == ["pix"]
    assert [each.key for each in imported.missing] == ["train.pixel_opt.5"]


@pytest.mark.parametrize(
    ("name", "text", "peer"),
    [
        ("a.json", '{"config": {"train": {"loss": {"lambda_l1": 1.0}}}}', "NectarGAN"),
        ("a.yml", f"model_type: SRModel\n{PIXEL}", "BasicSR"),
        ("a.yml", "train: {losses: [{type: l1loss, loss_weight: 1.0}]}", "traiNNer-redux"),
        ("a.toml", '[train.pixel_opt]\ntype = "L1Loss"', "neosr"),
        ("a.json", '{"compile_config": {"loss": "mse"}}', "Keras"),
        ("a.json", '{"optimizer": "adam", "loss": "mse"}', "Keras"),
        ("a.json", '{"optimizer": {"_target_": "Adam"}, "loss": {"_target_": "DiceLoss"}}', "MONAI"),
    ],
)
def test_whose_it_is_is_guessed_where_it_is_clear(tmp_path, name, text, peer):
    path = tmp_path / name
    path.write_text(text)
    assert import_file(path).peer == peer


@pytest.mark.parametrize("text", [PIXEL, f"{PIXEL}\nloss: {{_target_: DiceLoss}}\ncompile_config: {{}}"])
def test_whose_it_is_must_be_said_where_it_is_not(tmp_path, text):
    path = tmp_path / "a.yml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"cannot tell whose configuration it is; say `--from nectargan\|"):
        import_file(path)


def test_yaml_is_an_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    (tmp_path / "a.yml").write_text(PIXEL)
    with pytest.raises(MissingExtraError, match=r'pip install "lossspec\[yaml\]"'):
        import_file(tmp_path / "a.yml")
