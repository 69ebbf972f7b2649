from types import SimpleNamespace

import pytest
import torch

import lossspec
from lossspec import LMLoss, LossManager
from lossspec.errors import ConfigError, LossSpecError, RegistrationError, UnknownNameError

INVALID = "is not a valid name for a loss: use letters, digits and `_`, and do not start with a digit"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("l1", "loss `l1` is already registered with this manager: use another name"),
        ("1st", f"'1st' {INVALID}"),
        ("", f"'' {INVALID}"),
        ("a b", f"'a b' {INVALID}"),
    ],
)
def test_a_name_must_be_free_and_valid(name, message):
    manager = LossManager()
    manager.register_loss_fn("l1", torch.nn.L1Loss())
    with pytest.raises(RegistrationError) as raised:
        manager.register_loss_fn(name, torch.nn.MSELoss())
    assert str(raised.value) == message
    assert list(manager.get_registered_losses()) == ["l1"]


def test_weight_and_schedule_together_are_refused():
    with pytest.raises(RegistrationError, match=r"`a` has both a weight \(10.0\) and a schedule"):
        LossManager().register_loss_fn("a", torch.nn.L1Loss(), 10.0, schedule=lambda t: t)


def test_nothing_is_shared_between_losses_or_managers(xy):
    one, other = LossManager(), LossManager()
    tags = ["pixel"]
    one.register_loss_fn("a", torch.nn.L1Loss(), tags=tags)
    one.register_loss_fn("b", torch.nn.L1Loss(), loss_weight=100.0)
    other.register_loss_fn("a", torch.nn.L1Loss(), loss_weight=2.0)
    tags.append("late")
    one.compute_loss_xy("b", *xy)
    assert one.get_loss_weights() == {"a": 1.0, "b": 100.0}
    assert other.get_loss_weights() == {"a": 2.0}
    found = one.get_registered_losses(strip=False)
    assert (found["a"].tags, found["b"].tags) == (("pixel",), ())
    assert [len(loss.history) for loss in found.values()] == [0, 1]


def test_a_loss_belongs_to_one_manager():
    losses = {"a": LMLoss("a", torch.nn.L1Loss())}
    LossManager.from_spec(lambda: losses)
    with pytest.raises(RegistrationError, match="loss `a` is already registered with another manager"):
        LossManager.from_spec(lambda: losses)


def spec_function(weight=1.0, *, extra=False):
    losses = {"l1": LMLoss("l1", torch.nn.L1Loss(), weight)}
    return losses | ({"l2": LMLoss("l2", torch.nn.MSELoss())} if extra else {})


@pytest.mark.parametrize(
    ("name", "value"),
    [("schedule", lambda t: t), ("function", torch.nn.MSELoss()), ("name", "b")],
)
def test_captured_attributes_of_a_loss_are_read_only(name, value):
    loss = LMLoss("a", torch.nn.L1Loss())
    setattr(loss, name, value)
    manager = LossManager()
    manager.init_from_spec(lambda: {loss.name: loss})
    with pytest.raises(RegistrationError) as raised:
        setattr(loss, name, value)
    assert str(raised.value) == (
        f"the {name} of `{loss.name}` cannot be set after registration: register another loss, "
        "or make a new manager"
    )


def test_init_from_spec_takes_a_callable_with_its_arguments():
    manager = LossManager()
    manager.init_from_spec(spec_function, 5.0, extra=True)
    assert manager.get_loss_weights() == {"l1": 5.0, "l2": 1.0}
    assert manager.spec is None


def decorated(weight=1.0):
    return {"losses": {"l1": {"type": "torch.L1Loss", "inputs": ["x", "y"], "weight": weight}}}


@pytest.mark.parametrize("function", [spec_function, lossspec.spec(decorated)])
def test_an_unknown_function_parameter_suggests_the_nearest(function):
    with pytest.raises(UnknownNameError) as raised:
        LossManager.from_spec(function, params={"wieght": 5.0})
    assert str(raised.value) == (
        f"unknown parameter `wieght` of the spec function `{function.__name__}`: "
        "a parameter with a similar name exists: `weight`"
    )


def test_kwargs_and_compiled_functions_get_their_parameters():
    made = {"l1": LMLoss("l1", torch.nn.L1Loss(), 3.0)}
    assert LossManager.from_spec(dict, params=made).get_loss_weights() == {"l1": 3.0}
    any_one = LossManager.from_spec(
        lambda **found: {"l1": LMLoss("l1", torch.nn.L1Loss(), found["w"])}, params={"w": 2.0}
    )
    assert any_one.get_loss_weights() == {"l1": 2.0}


def test_init_from_spec_takes_references_paths_specs_and_none(tmp_path, make_spec):
    path = tmp_path / "tiny.loss.toml"
    path.write_text('format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["x", "y"], weight = 3 }\n')
    for spec, expected in [
        ("pix2pix", {"G_GAN": 1.0, "G_L1": 100.0, "D_real": 0.5, "D_fake": 0.5}),
        (path, {"l1": 3.0}),
        (str(path), {"l1": 3.0}),
        (make_spec(a={"weight": 7.0}), {"a": 7.0}),
        (None, {}),
    ]:
        manager = LossManager()
        manager.init_from_spec(spec)
        assert manager.get_loss_weights() == expected


def test_params_of_a_reference_are_keywords():
    manager = LossManager()
    manager.init_from_spec("pix2pix", lambda_l1=50.0)
    assert manager.get_loss_weights()["G_L1"] == 50.0
    assert manager.spec.params["lambda_l1"] == 50.0


def test_from_spec_takes_params_and_overlay():
    manager = LossManager.from_spec(
        "pix2pix", params={"lambda_l1": 50.0}, overlay={"losses": {"G_GAN": {"weight": 0.5}}}
    )
    assert manager.get_loss_weights(query=["G"]) == {"G_GAN": 0.5, "G_L1": 50.0}


def test_a_decorated_function_has_objectives_and_a_digest():
    @lossspec.spec
    def tiny(weight=2.0):
        return {"losses": {"l1": {"type": "torch.L1Loss", "inputs": ["x", "y"], "weight": weight}}}

    manager = LossManager.from_spec(tiny, params={"weight": 3.0})
    assert manager.objective("total").needed() == {"x", "y"}
    assert manager.get_loss_weights() == {"l1": 3.0}
    assert manager.spec is not None


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "a spec function must return a dict of losses, got None"),
        ([1], "a spec function must return a dict of losses, got a list of 1"),
        (
            {"a": torch.nn.L1Loss()},
            (
                "a spec function must return LMLoss objects, or be decorated with `@lossspec.spec`: "
                "`a` is an L1Loss"
            ),
        ),
        (
            {"a": LMLoss("b", torch.nn.L1Loss())},
            "the key `a` must be the name of its loss, `b`",
        ),
    ],
)
def test_what_a_spec_function_can_return(returned, message):
    manager = LossManager()
    with pytest.raises(RegistrationError) as raised:
        manager.init_from_spec(lambda: returned)
    assert str(raised.value) == message
    assert manager.get_registered_losses() == {}


def test_an_error_within_a_spec_function_is_its_own():
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        LossManager().init_from_spec(broken)


def test_a_second_spec_is_refused_and_the_first_stays():
    manager = LossManager.from_spec(spec_function)
    with pytest.raises(RegistrationError, match=r"this manager already has losses \(l1\)"):
        manager.init_from_spec("pix2pix")
    assert list(manager.get_registered_losses()) == ["l1"]
    manager.register_loss_fn("more", torch.nn.L1Loss())
    assert list(manager.get_registered_losses()) == ["l1", "more"]


def test_a_resolved_spec_takes_no_params(make_spec):
    with pytest.raises(
        RegistrationError, match=r"is already resolved: pass params and overlay to `lossspec\.load`"
    ):
        LossManager.from_spec(make_spec(a={}), params={"w": 1.0})


def test_an_unknown_objective_gets_the_nearest_name():
    manager = LossManager.from_spec("pix2pix")
    with pytest.raises(UnknownNameError) as raised:
        manager.objective("g")
    assert str(raised.value) == "unknown objective `g`: an objective with a similar name exists: `G`"
    assert manager.objective("G") is manager.objective("G")


def test_losses_registered_in_code_have_no_objective():
    manager = LossManager()
    manager.register_loss_fn("a", torch.nn.L1Loss())
    with pytest.raises(UnknownNameError) as raised:
        manager.objective()
    assert str(raised.value) == (
        "unknown objective `total`: there are none "
        "(losses registered in code have none: run them with `compute_loss`)"
    )


def test_an_unknown_type_gets_the_nearest_name(make_spec):
    with pytest.raises(UnknownNameError, match=r"unknown loss type `torch.L1Los` of `a`: .*`torch.L1Loss`"):
        lossspec.build(make_spec(a={"type": "torch.L1Los"}))


def test_the_device_is_the_managers_or_the_configurations(make_spec):
    config = SimpleNamespace(common=SimpleNamespace(device="meta"))
    spec = make_spec(a={"type": "torch.CrossEntropyLoss", "args": {"weight": [1.0, 2.0]}})
    for options, expected in [
        ({}, "cpu"),
        ({"config": config}, "meta"),
        ({"config": config, "device": "cpu"}, "cpu"),
        ({"device": torch.device("meta")}, "meta"),
    ]:
        manager = LossManager.from_spec(spec, **options)
        weight = manager.get_registered_losses(strip=False)["a"].function.weight
        assert weight.device.type == expected


@pytest.mark.parametrize(
    ("found", "device", "expected"),
    [
        (None, "cuda", "`cpu`"),
        (None, torch.device("cuda", 1), "`cpu`"),
        ("cuda", "mps", "`cpu`, `cuda:0`, `cuda:1`"),
        ("cuda", "cuda:2", "`cpu`, `cuda:0`, `cuda:1`"),
        ("cuda", "cuda", None),
        ("cuda", "cuda:1", None),
        (None, "meta", None),
    ],
)
def test_a_device_that_torch_lacks_is_refused_at_once(monkeypatch, tmp_path, found, device, expected):
    accelerator = torch.device(found) if found else None
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: accelerator)
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 2 if found else 0)
    config = SimpleNamespace(common=SimpleNamespace(device=device))
    for options in ({"device": device}, {"config": config}):
        if expected is None:
            assert LossManager(**options).device == torch.device(device)
            continue
        with pytest.raises(LossSpecError) as raised:
            LossManager(experiment_dir=tmp_path / "run", **options)
        assert str(raised.value) == (
            f"`device` must be one of {expected}, which torch {torch.__version__} has here, got '{device}'"
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_nonfinite": "ignore"}, '`on_nonfinite` must be "record", "warn" or "raise", got \'ignore\''),
        ({"history_buffer_size": 0}, "`history_buffer_size` must be a whole number of at least 1, got 0"),
        (
            {"history_buffer_size": 1e3},
            "`history_buffer_size` must be a whole number of at least 1, got 1000.0",
        ),
    ],
)
def test_invalid_options_are_refused(options, message):
    with pytest.raises(LossSpecError) as raised:
        LossManager(**options)
    assert str(raised.value) == message


def test_a_configuration_without_the_section_says_so(tmp_path):
    path = tmp_path / "run.json"
    path.write_text('{"comon": {"device": "cpu"}}')
    with pytest.raises(ConfigError) as raised:
        LossManager(config=lossspec.ConfigManager(path).data)
    assert str(raised.value) == f"{path}: unknown key `common`: a key with a similar name exists: `comon`"


def test_a_spec_as_configuration_is_told_from_spec():
    with pytest.raises(
        LossSpecError,
        match=r"must have `.common.device`.*the str 'pix2pix'; for a spec, call `LossManager.from_spec`",
    ):
        LossManager("pix2pix")


def test_a_parameter_as_an_option_is_told_params():
    with pytest.raises(LossSpecError, match=r"not an option: pass `params=\{'lambda_l1': 50.0\}`"):
        LossManager.from_spec("pix2pix", lambda_l1=50.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'lambda_l3'"):
        LossManager.from_spec("pix2pix", lambda_l3=50.0)


def test_one_of_several_objectives_has_to_be_named():
    with pytest.raises(UnknownNameError, match="the spec has several objectives: name one of `D`, `G`"):
        LossManager.from_spec("pix2pix").objective()
