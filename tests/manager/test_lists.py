"""``lists``: the loss of each element or pair, combined; by formulas written by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from lossspec import register_loss
from lossspec.errors import LossInputError, LossResultError


@pytest.fixture(scope="module", autouse=True)
def _losses():
    @register_loss("test_lists.Cross")
    class Cross(nn.Module):
        """The cross entropy of two distributions, as DINO has it: one value an item."""

        def forward(self, teacher, student):
            return torch.sum(-teacher.softmax(-1) * student.log_softmax(-1), dim=-1)


def total(make_manager, tensors, **term):
    return make_manager(a=term).objective()(**tensors)


def draw(count, *shape):
    return [torch.randn(*shape, requires_grad=True) for _ in range(count)], torch.randn(*shape)


def same(found, expected, leaves):
    torch.testing.assert_close(found, expected)
    ours, theirs = (torch.autograd.grad(each, leaves, retain_graph=True) for each in (found, expected))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("combine", ["min", "max"])
def test_the_least_and_the_greatest(make_manager, combine):
    xs, y = draw(3, 4)
    found = total(make_manager, {"x": xs, "y": y}, lists=combine)
    results = [(x - y).abs().mean() for x in xs]
    expected = getattr(torch.stack(results), combine)()
    assert found.item() == expected.item()
    gradients = torch.autograd.grad(found, xs)
    chosen = [index for index, each in enumerate(gradients) if each.any()]
    assert chosen == [[each.item() for each in results].index(expected.item())]


@pytest.mark.parametrize("count", [1, 3, 12])
def test_raft_weighs_later_iterations_more(make_manager, count):
    """RAFT, sequence_loss: ``gamma ** (n - i - 1)`` for iteration i, masked by ``valid[:, None]``."""
    flows, target = draw(count, 2, 2, 5, 5)
    valid = torch.rand(2, 5, 5) < 0.8
    expected = 0.0
    for i in range(count):
        i_weight = 0.8 ** (count - i - 1)
        i_loss = (flows[i] - target).abs()
        expected += i_weight * (valid[:, None] * i_loss).mean()
    found = total(
        make_manager,
        {"x": flows, "y": target, "v": valid[:, None].expand(2, 2, 5, 5)},
        lists={"combine": "sum", "decay": 0.8},
        reduce={"weights": "v"},
    )
    same(found, expected, flows)


def test_decayed_means_are_divided_by_their_weights(make_manager):
    xs, y = draw(3, 4)
    found = total(make_manager, {"x": xs, "y": y}, lists={"combine": "mean", "decay": 0.5})
    parts = [functional.l1_loss(x, y) for x in xs]
    same(found, (0.25 * parts[0] + 0.5 * parts[1] + parts[2]) / 1.75, xs)


def test_monodepth_takes_the_least_of_each_pixel(make_manager):
    """monodepth2: ``torch.min(reprojection_losses, dim=1)``, then the mean."""
    warped, target = draw(2, 2, 3, 6, 6)
    reprojection = torch.cat([(target - each).abs() for each in warped], 1).reshape(2, 2, 3, 6, 6)
    expected = torch.min(reprojection, dim=1)[0].mean()
    lists = {"combine": "min", "of": "elements"}
    same(total(make_manager, {"x": warped, "y": target}, lists=lists, reduce="mean"), expected, warped)


def test_elements_are_combined_before_they_are_masked(make_manager):
    xs, y = draw(3, 4, 5)
    mask = torch.tensor([1.0, 0.0, 1.0, 1.0])
    for combine in ("sum", "mean", "max"):
        stacked = torch.stack([(x - y) ** 2 for x in xs])
        elements = {"sum": stacked.sum(0), "mean": stacked.mean(0), "max": stacked.amax(0)}[combine]
        expected = (elements * mask[:, None]).sum() / (3 * 5)
        found = total(
            make_manager,
            {"x": xs, "y": y, "m": mask},
            type="torch.MSELoss",
            lists={"combine": combine, "of": "elements"},
            reduce={"weights": "m", "by": "weights"},
        )
        same(found, expected, xs)


def test_nan_of_a_masked_pixel_leaves_the_minimum_finite(make_manager):
    xs, y = draw(2, 3)
    y[1] = torch.nan
    term = {
        "type": "torch.MSELoss",
        "lists": {"combine": "min", "of": "elements"},
        "reduce": {"weights": "m"},
    }
    found = total(make_manager, {"x": xs, "y": y, "m": torch.tensor([1, 0, 1])}, **term)
    assert found.isfinite()
    assert all(each.isfinite().all() for each in torch.autograd.grad(found, xs))


def test_dino_pairs_all_crops_but_the_same(make_manager):
    """DINO, DINOLoss.forward: every teacher crop with every student crop, except itself."""
    teacher, student = [torch.randn(4, 6) for _ in range(2)], draw(5, 4, 6)[0]
    total_loss, n_loss_terms = 0.0, 0
    for iq, q in enumerate(teacher):
        for v in range(len(student)):
            if v == iq:
                continue
            loss = torch.sum(-q.softmax(-1) * student[v].log_softmax(-1), dim=-1)
            total_loss += loss.mean()
            n_loss_terms += 1
    term = {
        "type": "test_lists.Cross",
        "inputs": ["t.detach", "s"],
        "lists": {"combine": "mean", "pairs": "different"},
        "reduce": "mean",
    }
    same(total(make_manager, {"t": teacher, "s": student}, **term), total_loss / n_loss_terms, student)


@pytest.mark.parametrize("combine", ["sum", "mean", "min", "max"])
def test_all_pairs(make_manager, combine):
    xs, ys = draw(2, 3)[0], draw(3, 3)[0]
    results = torch.stack([functional.l1_loss(x, y) for x in xs for y in ys])
    found = total(make_manager, {"x": xs, "y": ys}, lists={"combine": combine, "pairs": "all"})
    assert found.item() == pytest.approx(getattr(results, combine)().item(), rel=1e-6)


def test_pairs_of_one_list_with_itself(make_manager):
    xs = draw(3, 4)[0]
    lists = {"combine": "sum", "pairs": "different"}
    found = total(make_manager, {"x": xs}, inputs=["x", "x"], lists=lists)
    expected = 2 * sum(functional.l1_loss(xs[i], xs[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    same(found, expected, xs)


def test_lists_of_weights_are_taken_element_by_element(make_manager):
    """A detector of several levels: each has its own mask and number of positives."""
    levels = [torch.randn(2, n, requires_grad=True) for n in (8, 4)]
    targets = [torch.randn(2, n) for n in (8, 4)]
    masks, counts = [torch.rand(2, n).round() for n in (8, 4)], [torch.tensor(3), torch.tensor(0)]
    found = total(
        make_manager,
        {"x": levels, "y": targets, "m": masks, "n": counts},
        lists="mean",
        reduce={"weights": "m", "by": {"name": "n", "minimum": 1}},
    )
    parts = [
        ((x - y).abs() * m).sum() / max(1, int(n))
        for x, y, m, n in zip(levels, targets, masks, counts, strict=True)
    ]
    same(found, sum(parts) / 2, levels)


ONE, TWO, THREE = ([torch.ones(2)] * count for count in (1, 2, 3))
OF_EACH = {"combine": "min", "of": "elements"}


@pytest.mark.parametrize(
    ("term", "tensors", "message"),
    [
        (
            {"lists": [1.0, 0.5]},
            {"x": THREE, "y": THREE},
            "`a` has 2 weights in `lists`, got lists of 3 elements",
        ),
        (
            {"lists": {"combine": "sum", "decay": 0.8}},
            {"x": torch.ones(2), "y": torch.ones(2)},
            (
                "`a` has `lists` and expects at least one list, got a float32 tensor of shape (2,) as `x`, "
                "a float32 tensor of shape (2,) as `y`: pass a list, or remove `lists`"
            ),
        ),
        (
            {"lists": "min", "inputs": ["x[0]", 1.0]},
            {"x": TWO},
            (
                "`a` has `lists` and expects at least one list, got a float32 tensor of shape (2,) as "
                "`x[0]`: pass a list, or remove `lists`"
            ),
        ),
        (
            {"lists": "mean", "reduce": {"weights": "w"}},
            {"x": TWO, "y": TWO, "w": THREE},
            (
                "`a` expects lists of equal length, at least 1, got `x` of length 2, `y` of length 2, `w` of "
                "length 3"
            ),
        ),
        (
            {"lists": {"combine": "sum", "pairs": "all"}},
            {"x": TWO, "y": torch.ones(2)},
            "`a` takes pairs of two lists, got 1: `x` of length 2",
        ),
        (
            {"lists": {"combine": "sum", "pairs": "different"}},
            {"x": ONE, "y": ONE},
            "`a` has no pair to compute, got `x` of length 1, `y` of length 1",
        ),
        (
            {"lists": {"combine": "sum", "pairs": "all"}},
            {"x": [], "y": TWO},
            "`a` has no pair to compute, got `x` of length 0, `y` of length 2",
        ),
        (
            {"lists": {"combine": "sum", "pairs": "all"}, "reduce": {"weights": "w"}},
            {"x": TWO, "y": TWO, "w": TWO},
            "`a` takes pairs, for which `w` must be a tensor, got a list of 2",
        ),
        (
            {"lists": OF_EACH, "reduce": {"weights": "w"}},
            {"x": TWO, "y": TWO, "w": TWO},
            "`a` expects a tensor as weights `w`, got a list of 2",
        ),
        (
            {"lists": "mean"},
            {"x": [TWO], "y": [TWO]},
            (
                "`a` expects a tensor as `x`, got a list within the list: `lists` applies to one level, pass "
                "a flat list"
            ),
        ),
    ],
)
def test_lists_that_do_not_fit_are_explained(make_manager, term, tensors, message):
    with pytest.raises(LossInputError) as raised:
        total(make_manager, tensors, **term)
    assert str(raised.value) == message


def test_elements_of_several_shapes_are_not_combined(make_manager):
    given = {"x": [torch.ones(2), torch.ones(3)]}
    with pytest.raises(LossResultError) as raised:
        total(make_manager, given, inputs=["x", 0.0], lists=OF_EACH, reduce="mean")
    assert str(raised.value) == (
        "`a` combines the elements of its results, which must have one shape, got (2,) and (3,)"
    )


@pytest.mark.parametrize(
    "lists", ["min", {"combine": "sum", "decay": 0.5}, {"combine": "mean", "pairs": "all"}, OF_EACH]
)
def test_it_compiles_to_one_graph(compiled, make_manager, lists):
    plain = make_manager(a={"lists": lists, "reduce": "mean"}).objective()
    objective, counter = compiled(plain)
    for _ in range(3):
        xs, ys = draw(2, 3)[0], draw(2, 3)[0]
        same(objective(x=xs, y=ys), plain(x=xs, y=ys), xs)
    assert counter.frame_count == 1
