"""Any value anywhere in a peer's file: an import that validates, or an error of lossspec."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.parts.imports import PEERS, document
from tests.mutation import places

import lossspec
from lossspec.convert import import_document, to_toml

pytestmark = pytest.mark.slow

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([10**400, -1, 0, 1e308, "", "none", "L1Loss", "$x", "@loss", "@", "a b", "\n]", "${a}"]),
    st.text(max_size=5),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@pytest.mark.parametrize("name", PEERS)
@given(st.data())
@settings(max_examples=settings().max_examples // 3)
def test_a_changed_value(name, data):
    changed = document(name)
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([each for each in places(changed) if each]))
        table = changed
        for key in path[:-1]:
            table = table[key]
        if data.draw(st.booleans()) and isinstance(table, dict):
            del table[path[-1]]
            table[data.draw(st.text(max_size=4))] = data.draw(VALUES)
        else:
            table[path[-1]] = data.draw(VALUES)
    try:
        imported = import_document(changed, PEERS[name], name)
    except lossspec.LossSpecError:
        return
    if imported.losses:
        found = lossspec.validate(to_toml(imported))
        assert [each for each in found if each.severity == "error"] == []
