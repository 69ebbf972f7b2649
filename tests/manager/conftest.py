"""Fixtures of the manager's tests: specs made by hand, and tensors."""

from __future__ import annotations

import pytest
import torch
from attrs import evolve

from lossspec import LossManager
from lossspec.language.model import Every, Input, Lists, ObjectiveSpec, Reduce, Spec, Term
from lossspec.language.structure import converter
from lossspec.language.text.selection import parse_selection


def as_input(value):
    """A reference, "name.detach()", a number, or ("argument", one of these) as an Input."""
    if isinstance(value, tuple):
        argument, inner = value
        return evolve(as_input(inner), argument=argument)
    if isinstance(value, str):
        reference = value.removesuffix("()").removesuffix(".detach")
        selection = parse_selection(reference)
        return Input(selection.name, detach=reference != value, selectors=selection.selectors)
    return Input(value=float(value))


@pytest.fixture
def make_spec():
    """Return a function that makes a resolved spec: one dict a term, objective weights by name."""

    def make(objectives=None, **terms):
        found = {}
        for name, keys in terms.items():
            table = dict(keys)
            inputs = tuple(as_input(each) for each in table.pop("inputs", ["x", "y"]))
            every = table.pop("every", None)
            for key, cls in (("lists", Lists), ("reduce", Reduce)):  # as a spec writes them
                if key in table:
                    table[key] = converter().structure(table[key], cls)
            found[name] = Term(
                name=name,
                type=table.pop("type", "torch.L1Loss"),
                inputs=inputs,
                every=Every(*every) if every else None,
                **table,
            )
        names = {term.objective for term in found.values()}
        weights = {name: (objectives or {}).get(name, 1.0) for name in names}
        by_name = {name: ObjectiveSpec(name=name, weight=weight) for name, weight in weights.items()}
        return Spec(name="test", reference="test", losses=found, objectives=by_name)

    return make


@pytest.fixture
def make_manager(make_spec):
    """Return a function that makes a manager of a spec made by hand; options of the manager in `options`."""
    made = []

    def make(options=None, **terms):
        manager = LossManager.from_spec(make_spec(**terms), **(options or {}))
        made.append(manager)
        return manager

    yield make
    for manager in made:
        manager.close()


@pytest.fixture
def compiled():
    """Return a function that compiles a module, for speed without machine code, and counts its graphs."""
    from torch._dynamo.testing import CompileCounter

    def compile_and_count(module):
        counter = CompileCounter()
        return torch.compile(module, backend=counter, fullgraph=True), counter

    torch._dynamo.reset()
    return compile_and_count


@pytest.fixture
def xy():
    """Two tensors, the first with a gradient."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(4, 3, generator=generator, requires_grad=True)
    return x, torch.rand(4, 3, generator=generator)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)
