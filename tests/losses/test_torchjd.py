"""torchjd's methods as balancers: against torchjd's own aggregators and scalarizers."""

from __future__ import annotations

import copy
import io
import itertools

import pytest
import tomli_w
import torch
from torchjd import aggregation, scalarization

import lossspec
from lossspec import LossManager
from lossspec.errors import LossInputError
from lossspec.log.rows import TERM_WEIGHT, WIDTH
from lossspec.registry import balancers, find_balancer
from lossspec.registry.catalog import catalog_path, read_catalog

#: The arguments of each method, as in a spec and as torchjd takes them.
GRAMIAN = {
    "AlignedMTL": {},
    "CAGrad": {"c": 0.5},
    "DualProj": {},
    "FairGrad": {"alpha": 1.0},
    "GradVac": {},
    "IMTLG": {},
    "Krum": {"n_byzantine": 0, "n_selected": 2},
    "MGDA": {},
    "PCD": {},
    "PCGrad": {},
    "UPGrad": {},
}
SCALARS = {"FAMO": {}, "GeometricMean": {}, "IMTLL": {}, "Random": {}, "STCH": {"mu": 0.3}}
LOW = {"c": -1.0}
WEIGHTS = {"a": 2.0, "b": 1.0, "c": 0.5}


@pytest.fixture
def make(tmp_path):
    """Return a function that makes a manager: three balanced terms, and one that is not."""

    def write(kind, args, inputs=(), **terms):
        weights = WEIGHTS | {"d": 0.25} | terms
        losses = {
            name: {"type": "lossspec.Precomputed", "inputs": [name]}
            | (weight if isinstance(weight, dict) else {"weight": weight})
            for name, weight in weights.items()
        }
        balance = {"type": f"torchjd.{kind}", "losses": ["a", "b", "c"], "args": args, "inputs": list(inputs)}
        path = tmp_path / "balanced.loss.toml"
        path.write_text(
            tomli_w.dumps({"format": 1, "losses": losses, "objectives": {"total": {"balance": balance}}})
        )
        return LossManager.from_spec(path)

    return write


def tensors(step=0):
    """Values of two tensors, whose gradients conflict in part."""
    generator = torch.Generator().manual_seed(step)
    first, second = (torch.rand(3, 2, generator=generator).requires_grad_() for _ in range(2))
    return {
        "a": (first**2).sum() + second.sum() + 1,
        "b": (first - second).square().sum() + (1 - first).exp().mean(),
        "c": 0.3 * (second.cos().sum() - first.sum()) + 3,
        "d": first.mean(),
        "first": first,
        "second": second,
    }


def call(objective, given):
    known = objective.needed()
    return objective(**{name: value for name, value in given.items() if name in known})


def jacobian(given, names="abc", by=("first", "second"), weights=WEIGHTS):
    rows = []
    for name in names:
        found = torch.autograd.grad(
            weights[name] * given[name], [given[each] for each in by], retain_graph=True
        )
        rows.append(torch.cat([each.flatten() for each in found]))
    return torch.stack(rows)


def applied(manager, names="abc"):
    losses = manager.get_registered_losses(strip=False)
    return [losses[name].training.flat[TERM_WEIGHT - WIDTH] for name in names]


def direction(total, given, by=("first", "second")):
    found = torch.autograd.grad(total, [given[each] for each in by], retain_graph=True)
    return torch.cat([each.flatten() for each in found])


@pytest.mark.parametrize("kind", GRAMIAN)
def test_the_gradient_is_that_of_torchjds_aggregator(make, kind):
    manager = make(kind, GRAMIAN[kind], ["first", "second"])
    objective, theirs = manager.objective(), getattr(aggregation, kind)(**GRAMIAN[kind])
    for step in range(3):
        given = tensors(step)
        total = call(objective, given)
        with torch.random.fork_rng():  # PCGrad and GradVac draw an order
            torch.manual_seed(step)
            expected = theirs(jacobian(given))
        found = direction(total - 0.25 * given["d"], given)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        values = sum(
            weight * given[name] for name, weight in zip("abcd", applied(manager, "abcd"), strict=True)
        )
        torch.testing.assert_close(total, values)


@pytest.mark.parametrize("inputs", [["first"], ["both"], ["first", "both"]])
def test_a_list_of_tensors_is_one_input(make, inputs):
    manager = make("UPGrad", {}, inputs)
    given = tensors()
    given["both"] = [given["second"], given["first"]]
    total = call(manager.objective(), given)
    by = {"first": ["first"], "both": ["second", "first"]}
    names = [name for each in inputs for name in by[each]]
    expected = aggregation.UPGrad()(jacobian(given, by=names))
    torch.testing.assert_close(
        direction(total - 0.25 * given["d"], given, names), expected, rtol=1e-4, atol=1e-5
    )


def test_an_input_can_be_given_by_its_name(make, tmp_path):
    manager, given = make("MGDA", {}, ["first"]), tensors()
    expected = call(manager.objective(), given)
    path = tmp_path / "balanced.loss.toml"
    path.write_text(path.read_text().replace('inputs = [\n    "first",\n]', 'inputs = { tensors = "first" }'))
    assert 'tensors = "first"' in path.read_text()
    assert torch.equal(call(LossManager.from_spec(path).objective(), given), expected)


@pytest.mark.parametrize("kind", ["AlignedMTL", "DualProj", "UPGrad"])
def test_a_preference_is_sliced_to_the_terms_that_run(make, kind):
    preference = [0.5, 0.2, 0.3]
    window = {"weight": {"type": "window", "unit": "step", "start": 1, "value": 1.0}}
    manager = make(kind, {"pref_vector": preference}, ["first", "second"], b=window)
    method = getattr(aggregation, kind)
    for step, names in enumerate(("ac", "abc")):
        manager.set_progress(step=step)
        given = tensors(step)
        total = call(manager.objective(), given)
        chosen = torch.tensor([preference["abc".index(name)] for name in names])
        expected = method(pref_vector=chosen)(jacobian(given, names))
        torch.testing.assert_close(
            direction(total - 0.25 * given["d"], given), expected, rtol=1e-4, atol=1e-5
        )


def test_a_term_of_weight_zero_takes_no_part(make):
    manager = make("MGDA", {}, ["first", "second"], b={"weight": 0.0, "at_zero": "compute"})
    given = tensors()
    total = call(manager.objective(), given)
    expected = aggregation.MGDA()(jacobian(given, "ac"))
    torch.testing.assert_close(direction(total - 0.25 * given["d"], given), expected, rtol=1e-4, atol=1e-5)
    assert applied(manager, "b") == [0.0]


def test_pcgrad_and_random_leave_the_generator_of_torch_alone(make):
    for kind, inputs in (("PCGrad", ["first"]), ("GradVac", ["first"]), ("Random", [])):
        manager = make(kind, {}, inputs)
        before = torch.get_rng_state()
        call(manager.objective(), tensors())
        assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("kind", ["GeometricMean", "IMTLL", "STCH", "FAMO"])
def test_a_scalarizer_is_torchjds_function_of_scheduled_values(make, kind):
    manager = make(kind, SCALARS[kind])
    shape = {"shape": 3} if kind in ("IMTLL", "FAMO") else {}
    theirs = getattr(scalarization, kind)(**shape, **SCALARS[kind])
    objective, given = manager.objective(), tensors()
    if kind == "IMTLL":
        assert [name for name, _ in objective.named_parameters()] == ["balance.log_scale"]
        with torch.no_grad():
            for each in (theirs.log_scale, objective.balance.log_scale):
                each.copy_(torch.tensor([0.5, -1.0, 2.0]))
    else:
        assert list(objective.parameters()) == []
    raw = torch.stack([given[name] for name in "abc"]).detach().requires_grad_()
    expected = theirs(raw * torch.tensor([2.0, 1.0, 0.5]))
    (slopes,) = torch.autograd.grad(expected, raw, retain_graph=True)
    total = call(objective, given)
    torch.testing.assert_close(total, expected + 0.25 * given["d"])
    torch.testing.assert_close(torch.tensor(applied(manager)), slopes)
    plain = sum(slope * given[name] for name, slope in zip("abc", slopes, strict=True)) + 0.25 * given["d"]
    torch.testing.assert_close(direction(total, given), direction(plain, given))
    if kind == "IMTLL":
        total.backward(retain_graph=True)
        expected.backward()
        torch.testing.assert_close(objective.balance.log_scale.grad, theirs.log_scale.grad)


def test_the_weight_of_a_geometric_mean_is_its_gradient():
    """LibMTL logs L / (K prod L); the derivative is gm / (K L)."""
    balancer = build("GeometricMean", ["a", "b", "c"])
    values = {"a": torch.tensor(4.0), "b": torch.tensor(1.0), "c": torch.tensor(0.5)}
    total, found = balancer(values, dict.fromkeys("abc", 1.0))
    assert total.item() == pytest.approx(1.2599210498948732)  # the vector geometric_mean/torchjd
    weights = [0.10499342082457276, 0.41997368329829105, 0.8399473665965821]
    assert [each.item() for each in found.values()] == pytest.approx(weights)


def build(kind, losses, **args):
    from lossspec.language.model import Balance
    from lossspec.manager.building.objective import _module

    entry = find_balancer(f"torchjd.{kind}")
    return _module(entry, Balance(entry.name, tuple(losses), args))


def test_stch_with_vectors_of_a_spec(make):
    args = {"mu": 0.5, "weights": [0.2, 0.3, 0.5], "reference": [0.1, 0.2, 0.3]}
    manager, given = make("STCH", args), tensors()
    theirs = scalarization.STCH(0.5, torch.tensor(args["weights"]), torch.tensor(args["reference"]))
    weighted = torch.stack([given[name] * WEIGHTS[name] for name in "abc"])
    torch.testing.assert_close(call(manager.objective(), given), theirs(weighted) + 0.25 * given["d"])


@pytest.mark.parametrize("kind", ["IMTLL", "STCH", "GeometricMean"])
def test_a_scalarizer_of_the_terms_that_run(make, kind):
    window = {"weight": {"type": "window", "unit": "step", "start": 1, "value": 1.0}}
    vectors = {"weights": [0.2, 0.3, 0.5]} if kind == "STCH" else {}
    manager, given = make(kind, SCALARS[kind] | vectors, b=window), tensors()
    manager.set_progress(step=0)
    total = call(manager.objective(), given)
    kept = {"weights": torch.tensor([0.2, 0.5])} if kind == "STCH" else {}
    theirs = getattr(scalarization, kind)(
        **({"shape": 2} if kind == "IMTLL" else {}), **SCALARS[kind], **kept
    )
    weighted = torch.stack([given[name] * WEIGHTS[name] for name in "ac"])
    torch.testing.assert_close(total, theirs(weighted) + 0.25 * given["d"])
    if kind == "IMTLL":
        total.backward()
        assert manager.objective().balance.log_scale.grad[1] == 0.0
    manager.set_progress(step=1)
    assert call(manager.objective(), tensors()).isfinite()


def test_random_weights_are_torchjds_and_keep_in_validation(make):
    manager = make("Random", {})
    objective, given = manager.objective(), tensors()
    found = []
    for step in range(3):
        call(objective, given)
        with torch.random.fork_rng():
            torch.manual_seed(step)
            raw = torch.zeros(3, dtype=torch.float64, requires_grad=True)
            (expected,) = torch.autograd.grad(scalarization.Random()(raw), raw)
        found.append([each / WEIGHTS[name] for name, each in zip("abc", applied(manager), strict=True)])
        assert found[-1] == pytest.approx(expected.tolist())
    assert found[0] != found[1] != found[2]
    with manager.validating():
        call(objective, given)
    assert objective.balance.weights.tolist() == pytest.approx(found[-1])


class FAMOTraining:
    """The steps of FAMO's training, on values that fall at different rates."""

    def __init__(self, make):
        self.manager = make("FAMO", {"lr": 0.1})
        self.objective = self.manager.objective()

    def run(self, steps):
        found = []
        for step in steps:
            before = tensors(step)
            found.append(call(self.objective, before).item())
            after = {name: before[name] * (1 - 0.1 * (power + step)) for power, name in enumerate("abc")}
            with self.manager.unrecorded(), torch.no_grad():
                call(self.objective, before | after)
            self.objective.balance.update()
        return found


def test_famo_updates_as_torchjds(make):
    training, theirs = FAMOTraining(make), scalarization.FAMO(3, lr=0.1)
    scale = torch.tensor([2.0, 1.0, 0.5])
    for step, mine in enumerate(training.run(range(4))):
        before = torch.stack([tensors(step)[name] for name in "abc"]).detach() * scale
        expected = theirs(before)
        assert mine == pytest.approx(expected.item() + 0.25 * tensors(step)["d"].item(), rel=1e-5)
        theirs.update(before * torch.tensor([1 - 0.1 * (power + step) for power in range(3)]))


def test_famo_that_is_never_updated_is_reported(make):
    manager = make("FAMO", {})
    for step in range(2):
        call(manager.objective(), tensors(step))
        manager.step()
    with pytest.warns(RuntimeWarning, match=r"torchjd.FAMO was never updated: after each step"):
        manager.update_loss_log()
    with pytest.raises(LossInputError, match=r"call the objective on the same batch in `manager.unrecorded"):
        manager.objective().balance.update()


RESUMED = [(kind, args, ["first"]) for kind, args in GRAMIAN.items()] + [
    (kind, args, []) for kind, args in SCALARS.items() if kind != "FAMO"
]


@pytest.mark.parametrize(("kind", "args", "inputs"), RESUMED, ids=[each[0] for each in RESUMED])
def test_a_resumed_run_equals_the_whole_one(make, kind, args, inputs):
    def run(manager, steps):
        found = []
        for step in steps:
            found.append(call(manager.objective(), tensors(step)).item())
            manager.step()
        return found

    whole = run(make(kind, args, inputs), range(6))
    first = make(kind, args, inputs)
    run(first, range(3))
    second = make(kind, args, inputs)
    second.load_state_dict(saved(first))
    assert run(second, range(3, 6)) == whole[3:]


def saved(manager):
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`log_scale`")  # no optimiser runs here
        manager.update_loss_log()
    file = io.BytesIO()
    torch.save(manager.state_dict(), file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_famo_resumes_with_its_adam(make):
    whole = FAMOTraining(make).run(range(6))
    first, second = FAMOTraining(make), FAMOTraining(make)
    first.run(range(3))
    second.manager.load_state_dict(saved(first.manager))
    assert second.run(range(3, 6)) == whole[3:]


@pytest.mark.parametrize(("kind", "args", "inputs"), RESUMED, ids=[each[0] for each in RESUMED])
def test_it_moves_only_in_recorded_training_calls(make, kind, args, inputs):
    manager = make(kind, args, inputs)
    objective = manager.objective()
    for step in range(2):
        call(objective, tensors(step))
    before = str(objective.balance.state_dict())
    with manager.validating():
        call(objective, tensors(2))
    with manager.unrecorded():
        call(objective, tensors(3)).backward()
    with torch.no_grad():
        assert call(objective, tensors(4)).isfinite()
    call(copy.deepcopy(objective), tensors(5))
    assert str(objective.balance.state_dict()) == before


def test_a_detached_tensor_names_term_and_tensor(make):
    manager, given = make("UPGrad", {}, ["first"]), tensors()
    given["first"] = given["first"].detach()
    with pytest.raises(
        LossInputError, match=r"torchjd.UPGrad differentiates `a`.* tensor of shape \(3, 2\)"
    ) as raised:
        call(manager.objective(), given)
    assert raised.value.__notes__ == ["in the balance of the objective `total`, with `first`"]


@pytest.mark.parametrize(("kind", "why"), [("GeometricMean", "schedule"), ("FAMO", "min_losses")])
@pytest.mark.parametrize("value", [0.0, -1.5])
def test_a_logarithm_of_what_is_not_positive_is_an_error(make, kind, why, value):
    manager, given = make(kind, {}), tensors()
    given["b"] = torch.tensor(value, requires_grad=True)
    message = (
        rf"torchjd.{kind} needs positive losses, got `b` = {value:g}: .*{why}.* Take `b` out of the `losses`"
    )
    with pytest.raises(LossInputError, match=message):
        call(manager.objective(), given)


def test_a_vector_of_another_length_is_named(make):
    with pytest.raises(LossInputError, match=r"UPGrad needs one value in `pref_vector` for each of its 3"):
        make("UPGrad", {"pref_vector": [0.5, 0.5]}, ["first"])


def test_too_few_losses_for_krum_name_the_objective(make):
    manager = make("Krum", {"n_byzantine": 1}, ["first"])
    with pytest.raises(ValueError, match="at least 4 rows") as raised:
        call(manager.objective(), tensors())
    assert "in the balance of the objective `total`" in raised.value.__notes__[0]


@pytest.mark.parametrize(
    ("balance", "code"),
    [
        ({"type": "torchjd.UPGrad", "losses": ["a", "b"]}, "input-count"),
        ({"type": "torchjd.CAGrad", "losses": ["a", "b"], "inputs": ["x"]}, "missing-argument"),
        (
            {"type": "torchjd.CAGrad", "losses": ["a", "b"], "inputs": ["x"], "args": {"c": -1}},
            "out-of-range",
        ),
        ({"type": "torchjd.GeometricMean", "losses": ["a", "b"], "inputs": ["x"]}, "input-count"),
        ({"type": "torchjd.NashMTL", "losses": ["a", "b"], "inputs": ["x"]}, "unknown-type"),
        ({"type": "torchjd.STCH", "losses": ["a", "b"], "args": {"mu": 0.1, "weights": [1]}}, "wrong-length"),
    ],
)
def test_the_validator_knows_the_methods(balance, code):
    terms = {name: {"type": "torch.L1Loss", "inputs": ["x", "y"]} for name in "ab"}
    text = tomli_w.dumps({"format": 1, "losses": terms, "objectives": {"total": {"balance": balance}}})
    assert [each.code for each in lossspec.validate(text)] == [code]


def test_every_weighting_on_the_gramian_is_offered():
    """Found in torchjd: what takes a Gramian. Each entry has a target there, and a row above."""
    from torchjd.aggregation._weighting_bases import _GramianWeighting

    theirs = {
        name.removesuffix("Weighting")
        for name in aggregation.__all__
        if isinstance(getattr(aggregation, name), type)
        and issubclass(getattr(aggregation, name), _GramianWeighting)
    }
    assert theirs == GRAMIAN.keys()
    ours = {name.partition(".")[2] for name in balancers() if name.startswith("torchjd.")}
    assert ours == GRAMIAN.keys() | SCALARS.keys()


def test_meta_tensors_pass_where_no_step_reads(make):
    """Those that do not read the device: whatever reads a meta tensor fails."""
    quiet = []
    for kind, inputs in itertools.chain(
        ((kind, ["x"]) for kind in GRAMIAN), ((kind, []) for kind in SCALARS)
    ):
        args = GRAMIAN.get(kind, {}) | SCALARS.get(kind, {})
        balancer = build(kind, ["a", "b", "c"], **args).to("meta")
        x = torch.ones(3, device="meta", requires_grad=True)
        values = {name: (x * power).sum() for power, name in enumerate("abc", start=1)}
        try:
            balancer(values, WEIGHTS, *([x] if inputs else []))[0].backward()
        except (NotImplementedError, RuntimeError):
            assert "reads the device" in find_balancer(f"torchjd.{kind}").note, kind
        else:
            quiet.append(kind)
    noted = [
        name for name, each in balancers().items() if "torchjd" in name and "reads the device" in each.note
    ]
    assert sorted(quiet) == ["FAMO", "IMTLL", "Krum", "Random", "STCH"]
    assert len(noted) == len(GRAMIAN) + len(SCALARS) - len(quiet)


def test_the_catalogue_is_valid():
    assert read_catalog(catalog_path("torchjd"), "lossspec").keys() == {
        name for name in balancers() if name.startswith("torchjd.")
    }
