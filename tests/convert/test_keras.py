"""Keras: what a model was compiled with, each loss against Keras's formula, written down again."""

import json
import zipfile

import pytest
import torch
from torch.nn.functional import log_softmax, softplus

from lossspec.convert import import_document, import_file
from lossspec.errors import ConfigError


def serialised(class_name, /, **config):
    """A loss as Keras 3 serialises it."""
    return {"module": "keras.losses", "class_name": class_name, "config": config, "registered_name": None}


def compiled(loss, **keys):
    return import_document({"optimizer": "adam", "loss": loss, **keys}, "keras", "config.json")


def pair(shape=(4, 3)):
    return torch.rand(shape, dtype=torch.float64, requires_grad=True), torch.rand(shape, dtype=torch.float64)


def bce(p, y):
    return -(y * p.log() + (1 - y) * (1 - p).log())


def huber(d, delta):
    return torch.where(d.abs() <= delta, 0.5 * d**2, delta * d.abs() - 0.5 * delta**2)


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        ("mse", lambda x, y: ((x - y) ** 2).mean(-1).mean()),
        ("mean_absolute_error", lambda x, y: (x - y).abs().mean(-1).mean()),
        (serialised("MeanSquaredError", reduction="sum_over_batch_size"), lambda x, y: ((x - y) ** 2).mean()),
        (serialised("MeanAbsoluteError", reduction="mean"), lambda x, y: (x - y).abs().mean()),
        (serialised("Huber", delta=0.25), lambda x, y: huber(x - y, 0.25).mean()),
        ("Huber", lambda x, y: huber(x - y, 1.0).mean()),
        ("poisson", lambda x, y: (x - y * (x + 1e-7).log()).mean()),
        ("binary_crossentropy", lambda x, y: bce(x, y).mean()),
        (serialised("BinaryCrossentropy", from_logits=True), lambda x, y: bce(x.sigmoid(), y).mean()),
        (
            serialised("CategoricalCrossentropy", from_logits=True, label_smoothing=0.1),
            lambda x, y: -((0.9 * y + 0.1 / 3) * log_softmax(x, -1)).sum(-1).mean(),
        ),
        (
            serialised("CategoricalCrossentropy", from_logits=True, reduction="sum"),
            lambda x, y: -(y * log_softmax(x, -1)).sum(-1).sum(),
        ),
    ],
)
def test_each_loss_of_one_output(managed, check, loss, formula):
    x, y = pair()
    imported = compiled(loss, loss_weights=[2.0])
    assert imported.missing == []
    check(managed(imported), "total", {"y_pred": x, "y_true": y}, 2 * formula(x, y))


def test_sparse_classes_and_the_one_that_does_not_count(managed, check):
    x, classes = pair((5, 3))[0], torch.tensor([0, 2, 1, 255, 0])
    loss = serialised("SparseCategoricalCrossentropy", from_logits=True, ignore_class=255)
    kept = [0, 1, 2, 4]
    expected = -log_softmax(x, -1)[kept, classes[kept]].mean()
    check(managed(compiled(loss)), "total", {"y_pred": x, "y_true": classes}, expected)


@pytest.mark.slow  # it imports monai
@pytest.mark.parametrize("balanced", [False, True])
def test_the_focal_loss(managed, balanced):
    logits, y = pair((4, 3))[0].detach() * 4 - 2, torch.randint(0, 2, (4, 3)).double()
    loss = serialised("BinaryFocalCrossentropy", from_logits=True, gamma=1.5, apply_class_balancing=balanced)
    imported = compiled(loss)
    p = logits.sigmoid()
    p_t = y * p + (1 - y) * (1 - p)
    expected = (1 - p_t) ** 1.5 * bce(p, y)
    if balanced:
        table = imported.losses["binary_focal_crossentropy"].table
        assert table["type"] == "torchvision.sigmoid_focal_loss"
        assert table["args"] == {"alpha": 0.25, "gamma": 1.5, "reduction": "mean"}
    else:
        total = managed(imported).objective("total").double()(y_pred=logits, y_true=y)
        torch.testing.assert_close(total, expected.mean(), check_dtype=False)


@pytest.mark.parametrize("weights", [{"box": 0.5, "score": 2.0}, [0.5, 2.0]])
def test_a_loss_for_each_output(managed, check, weights):
    (a, b), (c, d) = pair(), pair((4, 1))
    loss = {"box": "mae", "score": serialised("BinaryCrossentropy", from_logits=True)}
    t = {"box": a, "box_true": b, "score": c, "score_true": d}
    expected = 0.5 * (a - b).abs().mean() + 2 * (softplus(c) - c * d).mean()
    check(managed(compiled(loss, loss_weights=weights)), "total", t, expected)


def model(loss, **keys):
    """A functional model of two outputs, one of whose layers is regularised."""
    dense = {
        "class_name": "Dense",
        "config": {"kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}}},
    }
    outputs = [["box", 0, 0], ["score", 0, 0]]
    config = {"layers": [dense, {"config": {"bias_regularizer": None}}], "output_layers": outputs}
    return {"class_name": "Functional", "config": config, "compile_config": {"loss": loss, **keys}}


@pytest.mark.parametrize("loss", [["mae", "mse"], {"class_name": "__tuple__", "items": ["mae", "mse"]}])
def test_a_list_of_losses_takes_the_names_of_the_outputs(loss):
    imported = import_document(model(loss, loss_weights=[1.0, 3.0]), "keras", "model.keras")
    assert {name: each.table["weight"] for name, each in imported.losses.items()} == {
        "box": 1.0,
        "score": 3.0,
    }
    assert imported.losses["score"].sources["weight"] == "compile_config.loss_weights[1]"


def test_one_loss_is_that_of_every_output():
    imported = import_document(model("mse"), "keras", "model.keras")
    assert [each.table["inputs"] for each in imported.losses.values()] == [
        ["box", "box_true"],
        ["score", "score_true"],
    ]


def test_regularisers_are_listed():
    (missing,) = import_document(model("mse"), "keras", "model.keras").missing
    assert (missing.key, missing.loss) == ("config.layers[0].config.kernel_regularizer", "L2")


def test_a_saved_model(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(model("mse")))
        archive.writestr("model.weights.h5", b"\0" * 100)
    assert [*import_file(path).losses] == ["box", "score"]


@pytest.mark.parametrize(
    ("loss", "name", "reason"),
    [
        ("categorical_crossentropy", "categorical_crossentropy", "remove the softmax from the model"),
        (serialised("MeanSquaredError", reduction="sum"), "MeanSquaredError", "its reduction is `sum`"),
        (serialised("MeanSquaredError", reduction=None), "MeanSquaredError", "its reduction is `None`"),
        (serialised("BinaryCrossentropy", label_smoothing=0.1), "BinaryCrossentropy", "changes the targets"),
        (serialised("BinaryFocalCrossentropy"), "BinaryFocalCrossentropy", "focal losses take logits"),
        ("cosine_similarity", "cosine_similarity", "negative cosine"),
        ("my_loss", "my_loss", "lossspec has no loss that computes the same"),
        (
            {
                "module": "builtins",
                "class_name": "function",
                "config": "my_loss",
                "registered_name": "function",
            },
            "my_loss",
            "no loss",
        ),
        (
            {"module": "mine", "class_name": "MeanSquaredError", "config": {}},
            "MeanSquaredError",
            "not one of Keras",
        ),
        (serialised("Huber", name="huber_loss", reduction="mean"), "Huber", "does not save its `delta`"),
        (serialised("Huber", delta="1"), "Huber", "`delta` must be a number"),
        (3, "3", "must be a name or a serialised loss"),
    ],
)
def test_what_has_no_twin_is_listed(loss, name, reason):
    imported = compiled(loss)
    assert imported.losses == {}
    (missing,) = imported.missing
    assert (missing.key, missing.loss) == ("loss", name)
    assert reason in missing.reason


@pytest.mark.parametrize(
    ("loss", "weights", "reason"),
    [
        (["mse", "mae"], [1.0], "there are 1 loss_weights for 2 losses"),
        ({"a": "mse"}, {"b": 1.0}, "`a` is missing"),
        ({"a": "mse"}, {"a": 1.0, "b": 1.0}, "`loss_weights` names `b`, which has no loss"),
        ("mse", ["1"], "must be a number"),
        ({"a b": "mse", "a_b": "mse"}, None, "the output `a_b` needs a name of its own"),
        ({"a": "mse", "a_true": "mse"}, None, "the output `a_true` needs a name of its own"),
    ],
)
def test_weights_that_do_not_fit(loss, weights, reason):
    imported = compiled(loss, loss_weights=weights)
    assert imported.losses == {}
    assert reason in imported.missing[0].reason


def test_an_output_without_a_loss_needs_no_weight():
    imported = compiled(["mse", None], loss_weights=[2.0, None])
    assert {name: each.table["weight"] for name, each in imported.losses.items()} == {"output_0": 2.0}


def test_a_model_that_is_not_compiled():
    with pytest.raises(ConfigError, match="has no losses of Keras"):
        compiled(None)
