"""Document symbols and code lenses, through the protocol."""

from lsprotocol import types as lsp

from lossspec.language.documents.search import shipped

SCHEDULE = '{ type = "linear", unit = "epoch", start = 0, end = 9, start_value = 1.0, end_value = "${k}" }'


def outline(editor, text):
    editor.show(text)
    return editor.of("document_symbol", lsp.DocumentSymbolParams)


def lenses(editor, text):
    editor.show(text)
    return [
        (each.command.title, each.range.start.line) for each in editor.of("code_lens", lsp.CodeLensParams)
    ]


def tree(found):
    return {each.name: tree(each.children) for each in found or ()}


def test_the_outline_has_sections_names_and_variants(editor):
    text = 'params.k = 2\n[losses.a]\ntype = "torch.L1Loss"\n[variants.v.losses.b]\nweight = 2\n'
    found = outline(editor, text)
    assert tree(found) == {"params": {"k": {}}, "losses": {"a": {}}, "variants": {"v": {"losses": {"b": {}}}}}
    (loss,) = found[1].children
    assert loss.detail == "torch.L1Loss"
    assert loss.selection_range == lsp.Range(lsp.Position(1, 8), lsp.Position(1, 9))


def test_the_range_of_a_symbol_holds_its_name_and_its_children(editor):
    def check(each):
        assert each.range.start <= each.selection_range.start
        assert each.selection_range.end <= each.range.end
        for child in each.children or ():
            assert each.range.start <= child.range.start
            assert child.range.end <= each.range.end
            check(child)

    for path in shipped().glob("*.loss.toml"):
        for symbol in outline(editor, path.read_text()):
            check(symbol)


def test_a_broken_statement_does_not_hide_the_others(editor):
    assert tree(outline(editor, 'params.a = 1\nlosses.b = { type = "\nparams.c = 2\n')) == {
        "params": {"a": {}, "c": {}}
    }


def test_a_lens_fills_the_parameters_in(editor):
    assert lenses(editor, f"params.k = 5.0\nlosses.a.weight = {SCHEDULE}\n") == [
        ("weight 1 to 5, 1 at epoch 0", 1)
    ]


def test_a_variant_has_its_own_values(editor):
    text = f"params.k = 5.0\n[variants.v]\nparams.k = 9.0\nlosses.a.weight = {SCHEDULE}\n"
    assert lenses(editor, text) == [("weight 1 to 9, 1 at epoch 0", 3)]


def test_a_parameter_can_be_inherited(editor):
    text = f'extends = "pix2pix"\nlosses.a.weight = {SCHEDULE.replace("${k}", "${lambda_l1}")}\n'
    assert lenses(editor, text) == [("weight 1 to 100, 1 at epoch 0", 1)]


def test_an_objective_and_an_argument_have_one_too(editor):
    schedule = '{ type = "constant", value = 0.5, unit = "epoch" }'
    text = (
        f'objectives.G.weight = {schedule}\n[losses.a]\ntype = "torch.SmoothL1Loss"\nargs.beta = {schedule}\n'
    )
    assert lenses(editor, text) == [("beta 0.5", 3), ("weight 0.5", 0)]


def test_a_schedule_with_a_mistake_has_none(editor):
    assert lenses(editor, f"losses.a.weight = {SCHEDULE}\n") == []  # `k` is unknown
    assert lenses(editor, 'losses.a.weight = { type = "linear", unit = "epoch" }\n') == []


def test_the_range_of_a_wave_has_its_peak(editor):
    wave = 'type = "triangular", unit = "step", up = 30, down = 40, low = 0.25, high = 3.0'
    (found,) = lenses(editor, f"losses.a.weight = {{ {wave} }}\n")
    assert found[0].startswith("weight 0.25 to 3,")


def test_a_lens_says_that_a_balance_moves_the_weight(editor):
    balance = '[objectives.total.balance]\ntype = "lossspec.OutputBalancer"\nlosses = ["a"]\ninputs = ["x"]\n'
    text = f"params.k = 5.0\nlosses.a.weight = {SCHEDULE}\nlosses.b.weight = {SCHEDULE}\n{balance}"
    assert [title for title, _ in lenses(editor, text)] == [
        "weight 1 to 5, 1 at epoch 0, before the balance",
        "weight 1 to 5, 1 at epoch 0",
    ]
