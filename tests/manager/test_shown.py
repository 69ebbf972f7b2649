"""What a person sees of a spec, an objective and a manager: a few lines, and HTML in a real notebook."""

from html.parser import HTMLParser

import nbformat
import pytest
import torch
from nbclient import NotebookClient

from lossspec import LossManager, load
from lossspec.language.documents.search import every, shipped
from lossspec.language.model import Balance, Input, ObjectiveSpec, Spec, Term

IMAGES = {
    "pred_fake": torch.zeros(1, 1, 4, 4),
    "y": torch.zeros(1, 3, 4, 4),
    "y_fake": torch.full((1, 3, 4, 4), 0.5),
}


@pytest.fixture
def manager():
    return LossManager.from_spec("pix2pix+decay")


def test_a_spec():
    assert repr(load("pix2pix+decay", params={"lambda_l1": 50.0})).splitlines()[2:] == [
        "  G = G_GAN + λ(epoch)·G_L1",
        "  D = 0.5·(D_real + D_fake)",
        "  params lambda_gan = 1.0, lambda_l1 = 50.0",
    ]
    first, second = repr(load("vqgan")).splitlines()[:2]
    assert first == f"Spec vqgan, digest {load('vqgan').digest[:12]}"
    assert second == "  Vector-quantised autoencoder with LPIPS and an adaptively weighted hinge GAN."
    assert "balanced by lossspec.GradientRatio" in repr(load("vqgan"))


def test_a_manager_follows_its_clock(manager, tmp_path):
    manager.set_progress(epoch=150, step=9)
    assert repr(manager).splitlines() == [
        "LossManager of pix2pix+decay: epoch 150, step 9, no log",
        "  G = G_GAN + 50·G_L1",
        "  D = 0.5·(D_real + D_fake)",
    ]
    with LossManager(experiment_dir=tmp_path) as plain:
        assert repr(plain) == f"LossManager without losses: epoch 0, step 0, log in {tmp_path}"
        plain.register_loss_fn("l1", torch.nn.L1Loss(), loss_weight=-2.0)
        plain.register_loss_fn("l2", torch.nn.MSELoss(), schedule=lambda t: 1 + t)
        assert repr(plain).splitlines()[1] == "  losses = -2·l1 + l2"


def test_an_objective_says_what_it_needs_now(manager):
    objective = manager.objective("G")
    assert repr(objective).splitlines() == [
        "Objective G = G_GAN + 100·G_L1",
        "  needs pred_fake, y, y_fake",
    ]
    manager.set_progress(epoch=200)
    assert repr(objective).splitlines() == [
        "Objective G = G_GAN + 0·G_L1",
        "  needs pred_fake",
        "  leaves out G_L1 now",
    ]
    assert "(G): Objective G = G_GAN" in repr(torch.nn.ModuleDict({"G": objective}))


def term(name, **more):
    return Term(name, "torch.L1Loss", (Input("x"), Input("y")), **more)


HUGE = Spec(
    "huge",
    "huge",
    {f"t{index}": term(f"t{index}", objective=f"o{index % 7}") for index in range(1000)},
    {f"o{index}": ObjectiveSpec(f"o{index}") for index in range(7)},
    "Long. " * 100,
    params={f"p{index}": "x" * 200 for index in range(50)},
)


@pytest.mark.parametrize(
    "spec", [*[each.name for each in every() if each.path.parent == shipped()], HUGE], ids=str
)
def test_five_lines_are_enough(spec):
    lines = repr(spec if isinstance(spec, Spec) else load(spec)).splitlines()
    assert len(lines) <= 5
    assert max(map(len, lines)) <= 160


def test_five_lines_of_a_huge_manager():
    manager = LossManager.from_spec(HUGE)
    assert len(repr(manager).splitlines()) <= 5
    assert len(repr(manager.objective("o1")).splitlines()) <= 5
    assert manager._repr_html_().count("<tr>") == 102
    assert manager.objective("o1")._repr_html_().count("<tr>") == 102  # of 143 terms


class Tags(HTMLParser):
    """The tags, attributes and texts of HTML."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts = set(), set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_data(self, data):
        self.texts.append(data)


def test_what_comes_from_a_spec_is_escaped():
    evil = '<script>alert(1)</script><img src=x onerror="alert(2)">&'
    spec = Spec(
        evil,
        evil,
        {
            evil: Term(
                evil, evil, (Input(evil), Input(value=1.0, argument=evil)), {evil: evil}, objective=evil
            )
        },
        {evil: ObjectiveSpec(evil, balance=Balance(evil, (evil,), {evil: evil}, (Input(evil),)))},
        evil,
        (evil,),
        {evil: evil},
        {evil: evil},
    )
    plain = Tags(load("pix2pix+decay")._repr_html_())
    found = Tags(spec._repr_html_())
    assert found.tags <= plain.tags | {"mfrac", "msub", "munder", "msup", "mspace", "mn"}
    assert not {"script", "img"} & found.tags
    assert found.attributes <= plain.attributes
    assert any("alert(1)" in each for each in found.texts)


def test_the_table_has_weights_and_last_values(manager):
    manager.objective("G")(**IMAGES)
    texts = Tags(manager._repr_html_()).texts
    cells = texts[texts.index("G_L1", texts.index("last raw value")) :][:5]
    assert cells == ["G_L1", "G", "100", "0.5", "50"]
    texts = Tags(manager.objective("D")._repr_html_()).texts
    assert texts[texts.index("D_fake", texts.index("last raw value")) :][:5] == [
        "D_fake",
        "D",
        "0.5",
        "-",
        "-",
    ]


def test_a_balance_is_named(tmp_path):
    (tmp_path / "b.loss.toml").write_text(
        """format = 1
[objectives.total.balance]
type = "lossspec.OutputBalancer"
losses = ["a", "b"]
inputs = ["x"]
[losses]
a = { type = "torch.L1Loss", inputs = ["x", "y"], objective = "total", weight = 2.0 }
b = { type = "torch.MSELoss", inputs = ["x", "y"], objective = "total" }
c = { type = "torch.HuberLoss", inputs = ["x", "y"], objective = "total", weight = 3.0 }
"""
    )
    manager = LossManager.from_spec(tmp_path / "b.loss.toml")
    objective = manager.objective()
    assert repr(objective).startswith("Objective total = 2·a + b + 3·c, balanced by OutputBalancer")
    for shown in (manager, objective):
        texts = Tags(shown._repr_html_()).texts
        cells = [texts[texts.index(name, texts.index("last raw value")) + 2] for name in "abc"]
        assert cells == ["2 · balance", "1 · balance", "3"]
        assert "<math" in shown._repr_html_()


def test_losses_of_code_have_no_formula():
    manager = LossManager()
    manager.register_loss_fn("l1", torch.nn.L1Loss(), loss_weight=2.0)
    manager.compute_loss_xy("l1", torch.ones(2), torch.zeros(2))
    texts = Tags(manager._repr_html_()).texts
    assert "<math" not in manager._repr_html_()
    assert texts[texts.index("l1") :][1:4] == ["2", "1", "2"]


@pytest.mark.slow
def test_a_real_notebook_shows_them():
    code = """import torch, lossspec
manager = lossspec.LossManager.from_spec("pix2pix+decay")
objective = manager.objective("D")
_ = objective(pred_real=torch.zeros(1), pred_fake=torch.zeros(1))"""
    cells = [code, 'lossspec.load("pix2pix+decay")', "manager", "objective"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = [[each.data for each in cell.outputs] for cell in notebook.cells]
    assert shown[0] == []
    for [data], first in zip(
        shown[1:], ("Spec pix2pix+decay", "LossManager of pix2pix", "Objective D ="), strict=True
    ):
        assert data["text/plain"].startswith(first)
        assert '<table class="equations">' in data["text/html"]
        assert '<table class="terms">' in data["text/html"]
    assert "<td>0.6931</td>" in shown[3][0]["text/html"]
