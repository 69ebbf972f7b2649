"""Any legal name may stand in a spec; texts of a spec stay texts."""

import keyword

import pytest
import torch

pytestmark = pytest.mark.slow

NAMES = [
    "lambda",
    "class",
    "torch",
    "nn",
    "sum",
    "zip",
    "total",
    "scale",
    "weight",
    "input",
    "Tensor",
    "values",
]
NAMES += [
    "step",
    "epoch",
    "forward",
    "train",
    "half",
    "type",
    "Objective",
    "objectives",
    "elements",
    "G_L1",
    "None",
]


@pytest.mark.parametrize("name", NAMES)
def test_tensors_terms_and_objectives_of_any_name(twin, name):
    ramp = '{ type = "linear", unit = "step", start = 0, end = 10, start_value = 1.0, end_value = 2.0 }'
    made = twin(
        f'[losses.{name}]\ntype = "torch.L1Loss"\ninputs = ["{name}", "y"]\nobjective = "{name}"\n'
        f"weight = {ramp}\n"
        f'[losses.{name}_weight]\ntype = "torch.MSELoss"\ninputs = ["{name}", "{name}_weight"]\n'
        f'objective = "{name}"\n'
    )
    tensors = {each: torch.randn(3, requires_grad=True) for each in (name, "y", f"{name}_weight")}
    made.check(name, clock={"step": 5}, **tensors)
    assert made.objectives[name].values.keys() == {name, f"{name}_weight"}
    assert (
        keyword.iskeyword(name) == ("**" in made.text.partition("def forward(")[2].partition(")")[0])
        or name in NAMES
    )


def test_terms_of_one_name_with_their_tensor_and_objective(twin):
    made = twin('[losses.a]\ntype = "torch.L1Loss"\ninputs = ["a", "b"]\nobjective = "a"')
    made.check("a", a=torch.randn(2, requires_grad=True), b=torch.randn(2, requires_grad=True))


TEXTS = [
    '"""\nimport os\n"""',
    "\\",
    'ends in a quote"',
    "\\N{DIGIT ONE} \\x41",
    "x" * 300,
    "tabs\tand\nlines",
    "ü",
]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_do_not_leave_the_docstring(load, text):
    from lossspec.convert.python import to_python

    quoted = (
        "'''" + text + "'''"
        if "\\" in text or '"' in text
        else '"' + text.replace("\n", "\\n").replace("\t", "\\t") + '"'
    )
    spec = load(
        f'description = {quoted}\nreferences = [{quoted}]\n[inputs]\nx = {quoted}\ny = "y"\n'
        '[losses.a]\ntype = "torch.L1Loss"\ninputs = ["x", "y"]\nargs.reduction = "mean"'
    )
    namespace: dict = {"__name__": "exported"}
    exec(to_python(spec), namespace)
    assert "os" not in namespace
    words = text.split()
    assert all(each in namespace["__doc__"] for each in words)
    assert all(each in namespace["Total"].forward.__doc__ for each in words)
