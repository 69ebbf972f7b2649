"""Hostile configurations of other libraries are only data: each is imported under watch, and does nothing."""

import json
import zipfile

import pytest

from lossspec.convert import import_file, to_toml
from lossspec.errors import LossSpecError

CODE = "__import__('os').system('touch ran')"
HOSTILE = {
    "apply.yml": "model_type: SRModel\ntrain: {pixel_opt: !!python/object/apply:os.system ['touch ran']}",
    "new.yml": "train: !!python/object/new:subprocess.Popen [['touch', 'ran']]",
    "name.yml": "train: {losses: [!!python/name:os.system ]}",
    "cycle.yml": "train: &a {losses: [*a]}",
    "key.yml": "model_type: SRModel\ntrain: {pixel_opt: {type: L1Loss, '${x}': 1, \"\\x1b[31m\": 2}}",
    "type.yml": "model_type: SRModel\ntrain: {pixel_opt: {type: os.system, loss_weight: 1.0}}",
    "format.yml": "model_type: '{0.__class__}'\ntrain: {pixel_opt: {type: L1Loss}}",
    "monai.json": json.dumps(
        {"loss": f"${CODE}", "other_loss": {"_target_": "os.system", "command": "touch ran"}}
    ),
    "imports.json": json.dumps(
        {"imports": [f"${CODE}"], "loss": {"_target_": "DiceLoss", "smooth_nr": f"${CODE}"}}
    ),
    "target.json": json.dumps({"loss": {"_target_": "posix.system.Loss", "command": "touch ran"}}),
    "file.json": json.dumps({"loss": {"_target_": "DiceLoss", "smooth_nr": "%/etc/hostname#a"}}),
    "keras.json": json.dumps(
        {
            "compile_config": {
                "loss": {"module": "os", "class_name": "system", "config": {"command": "touch ran"}}
            }
        }
    ),
    "lambda.json": json.dumps(
        {"compile_config": {"loss": {"class_name": "__lambda__", "config": {"value": "4wEAAA=="}}}}
    ),
    "path.toml": '[train.perceptual_opt]\ntype = "vgg_perceptual_loss"\nvgg_type = "/etc/passwd"',
}


def attempt(path):
    try:
        return to_toml(import_file(path))
    except LossSpecError as error:
        return str(error)


@pytest.fixture
def folder(watched):
    (watched.folder / "os.py").write_text("raise SystemExit('code of the folder ran')\n")
    plain = {
        "plain.yml": "model_type: SRModel\ntrain: {pixel_opt: {type: L1Loss, eps: 1}}",
        "plain.json": json.dumps({"loss": {"_target_": "DiceLoss"}}),
        "plain.toml": '[train.perceptual_opt]\ntype = "vgg_perceptual_loss"\ncriterion = "l1"',
    }
    for name, text in plain.items():
        (watched.folder / name).write_text(text)
        attempt(watched.folder / name)  # imports what every file needs
    return watched.folder


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_happens(watched, folder, name):
    path = folder / name
    path.write_text(HOSTILE[name])
    before = sorted(path.parent.parent.rglob("*"))
    with watched() as found:
        text = attempt(path)
    assert found == []
    assert sorted(path.parent.parent.rglob("*")) == before
    assert "\x1b" not in text
    assert "root:" not in text


def test_only_the_configuration_of_an_archive_is_read(watched, folder):
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../escaped.py", "raise SystemExit")
        archive.writestr("config.json", json.dumps({"compile_config": {"loss": "mse"}}))
        archive.writestr("assets/evil.pkl", b"cos\nsystem\n(S'touch ran'\ntR.")
    attempt(path)
    with watched() as found:
        assert "torch.MSELoss" in attempt(path)
    assert found == []
    assert not (folder.parent / "escaped.py").exists()


def test_the_watch_sees_what_a_loader_of_tags_would_do(watched, folder):
    import yaml

    with watched() as found:
        yaml.unsafe_load("!!python/object/apply:os.system ['true']")
    assert found
