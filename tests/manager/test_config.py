import json

import pytest

from lossspec import ConfigManager, LossManager
from lossspec.errors import ConfigError

VALUES = {"common": {"device": "meta"}, "data": {"sizes": [1, 2], "sets": [{"name": "a"}]}}


@pytest.fixture(params=["json", "toml"])
def path(request, tmp_path):
    path = tmp_path / f"run.{request.param}"
    if request.param == "json":
        path.write_text(json.dumps(VALUES))
    else:
        path.write_text('[common]\ndevice = "meta"\n[data]\nsizes = [1, 2]\n[[data.sets]]\nname = "a"\n')
    return path


def test_sections_are_attributes_and_a_manager_takes_them(path):
    data = ConfigManager(str(path)).data
    assert data.common.device == data["common"]["device"] == "meta"
    assert data.data.sizes == [1, 2]
    assert data.data.sets[0].name == "a"
    assert dict(data.common) == {"device": "meta"}
    assert len(data) == 2
    assert LossManager(config=data).device.type == "meta"


def test_an_unknown_key_names_its_table_and_the_nearest(path):
    data = ConfigManager(path).data
    with pytest.raises(ConfigError) as raised:
        _ = data.data.size
    assert str(raised.value) == (
        f"{path}: unknown key `size` in `data`: a key with a similar name exists: `sizes`"
    )
    with pytest.raises(ConfigError) as raised:
        _ = data.data.sets[0].title
    assert str(raised.value) == f"{path}: unknown key `title` in `data.sets[0]`: expected `name`"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.json", None, "{path}: cannot read the file: No such file or directory"),
        ("bad.json", '{\n  "common": {,\n', "{path}:2:14: Expecting property name enclosed in double quotes"),
        ("bad.toml", "[common]\ndevice = \n", "{path}:2:10: Invalid value"),
        ("list.json", "[1]", "{path}: must be a table of sections, got a list"),
        ("latin.json", b'{"a": "\xe9"}', "{path}: must be UTF-8 text, got an invalid byte at offset 7"),
    ],
)
def test_an_unreadable_file_is_named_with_its_position(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as raised:
        ConfigManager(path)
    assert str(raised.value) == message.format(path=path)


def test_a_byte_order_mark_is_ignored(tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(b"\xef\xbb\xbf{}")
    assert dict(ConfigManager(path).data) == {}
