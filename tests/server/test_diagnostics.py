"""Diagnostics as you type, and the fixes that go with them, through the protocol."""

from lsprotocol import types as lsp

import lossspec

GOOD = 'format = 1\nlosses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }\n'


def described(found):
    return [(each.code, each.range.start.line, each.range.start.character) for each in found]


def test_a_good_spec_has_none(editor):
    assert list(editor.problems(GOOD)) == []


def test_they_are_those_of_validate(editor):
    text = 'format = 1\nlosses.a = { type = "torch.L1Los", inputs = ["x"], wieght = 2 }\n'
    expected = lossspec.validate(text)
    found = editor.problems(text)
    assert len(expected) >= 2
    assert described(found) == [(each.code, each.span.line - 1, each.span.column - 1) for each in expected]
    assert [each.message for each in found] == [f"{each.message}\n{each.help}" for each in expected]


def test_one_has_its_code_its_page_and_our_name(editor):
    (found,) = editor.problems(GOOD.replace("inputs", "imputs").replace("}", ', inputs = ["x", "y"] }'))
    assert (found.code, found.source, found.severity) == (
        "unknown-key",
        "lossspec",
        lsp.DiagnosticSeverity.Error,
    )
    assert found.code_description.href.endswith("/errors/unknown-key/")


def test_what_nothing_uses_is_faded(editor):
    (found,) = editor.problems(GOOD + "params.lambda_unused = 1.0\n")
    assert list(found.tags) == [lsp.DiagnosticTag.Unnecessary]


def test_what_a_comment_ignores_is_not_shown(editor):
    text = GOOD + "params.lambda_unused = 1.0"
    ignored = editor.fixed(text, "Ignore `unused-param` on this line")
    assert ignored == f"{text}  # lossspec: ignore[unused-param]"
    assert list(editor.problems(ignored)) == []


def test_a_comment_that_ignores_nothing_is_faded_and_removed(editor):
    text = GOOD + "# lossspec: ignore[unused-param]"
    (found,) = editor.problems(text)
    assert (found.code, list(found.tags)) == ("unused-ignore", [lsp.DiagnosticTag.Unnecessary])
    assert [editor.fixed(text, each.title) for each in editor.actions(text)] == [GOOD, GOOD]


def test_broken_toml_has_its_syntax_error_and_other_problems(editor):
    found = editor.problems('format = 1\nlosses.a = { type = "torch.L1Loss\nlosses.b.wieght = 1\n')
    assert described(found) == [("unclosed-string", 1, 20), ("unknown-key", 2, 9)]


def test_columns_count_utf_16_units(editor):
    (found,) = editor.problems(GOOD.replace('"torch', '"😋torch'))
    line = GOOD.splitlines()[1]
    assert found.range.start.character == line.index('"torch')
    assert found.range.end.character == line.index('Loss"') + len('Loss"') + 2


def test_columns_count_bytes_for_a_client_that_wants_bytes(tmp_path):
    from tests.server.conftest import Editor

    encodings = [lsp.PositionEncodingKind.Utf8]
    capabilities = lsp.ClientCapabilities(general=lsp.GeneralClientCapabilities(position_encodings=encodings))
    editor = Editor(tmp_path, capabilities=capabilities)
    assert editor.initialized.capabilities.position_encoding == "utf-8"
    (found,) = editor.problems(GOOD.replace('"torch', '"😋torch'))
    assert found.range.end.character == GOOD.splitlines()[1].index('Loss"') + len('Loss"') + 4
    assert editor.close() == 0


def test_problems_of_an_extended_spec_are_at_extends(editor):
    (editor.folder / "base.loss.toml").write_text(GOOD.replace("inputs", "imputs"))
    found = editor.problems('format = 1\nextends = "base"\n')
    assert {each.range.start.line for each in found} == {1}
    first = found[0]
    assert first.message.startswith("in ")
    assert "base.loss.toml:2:" in first.message
    (related,) = first.related_information
    assert related.location.uri == editor.uri("base.loss.toml")
    assert related.location.range.start.line == 1


def test_saving_a_spec_checks_those_that_extend_it_again(editor):
    base = editor.folder / "below.loss.toml"
    base.write_text(GOOD.replace("inputs", "imputs"))
    assert editor.problems('format = 1\nextends = "below"\n', "above.loss.toml")
    base.write_text(GOOD)
    before = len(editor.published[editor.uri("above.loss.toml")])
    saved = lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(editor.uri("below.loss.toml")))
    editor.tell("text_document_did_save", saved)
    with editor.arrived:
        assert editor.arrived.wait_for(
            lambda: len(editor.published[editor.uri("above.loss.toml")]) > before, 60
        )
    assert list(editor.published[editor.uri("above.loss.toml")][-1].diagnostics) == []


def test_a_file_that_is_closed_has_none(editor):
    assert editor.problems("format = 2\n", "closed.loss.toml")
    uri = editor.uri("closed.loss.toml")
    editor.tell("text_document_did_close", lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri)))
    with editor.arrived:
        assert editor.arrived.wait_for(lambda: not editor.published[uri][-1].diagnostics, 60)


def test_other_toml_files_are_left_alone(editor):
    editor.show("format = 2\n", "pyproject.toml")
    editor.problems(GOOD)
    assert editor.uri("pyproject.toml") not in editor.published


def test_fifty_quick_edits_end_with_the_problems_of_the_last(editor):
    term = GOOD.splitlines(keepends=True)[1]
    long = "format = 1\n" + "".join(term.replace("losses.a", f"losses.a{index}") for index in range(299))
    name = "long.loss.toml"
    for index in range(50):
        editor.show(f"{long}oops{index} = 1\n", name)
    assert described(editor.problems(f"{long}oops = 1\n", name)) == [("unknown-key", 300, 0)]
    assert len(editor.published[editor.uri(name)]) < 50  # what is out of date is not checked


def test_every_suggestion_has_a_quick_fix(editor):
    text = 'format = 1\nlosses.a = { type = "torch.L1Los", inputs = ["x", "y"], wieght = 2 }\n'
    found = {each.title: each for each in editor.actions(text)}
    assert list(found) == [
        'Replace with `"torch.L1Loss"`',
        "Replace with `weight`",
        "Apply all fixes that are certain",
    ]
    assert editor.fixed(text, "Replace with `weight`") == text.replace("wieght", "weight")
    assert editor.fixed(text, 'Replace with `"torch.L1Loss"`') == text.replace("L1Los", "L1Loss")
    assert found["Replace with `weight`"].is_preferred
    assert not found['Replace with `"torch.L1Loss"`'].is_preferred  # a guess
    assert found["Replace with `weight`"].diagnostics[0].code == "unknown-key"


def test_a_fix_changes_every_place_that_writes_the_key(editor):
    text = '[loses.a]\ntype = "torch.L1Loss"\n[loses.b]\ntype = "torch.L1Loss"\n'
    assert editor.fixed(text, "Replace with `losses`") == text.replace("loses", "losses")


def test_fixing_all_is_asked_for_on_saving(editor):
    (found,) = editor.actions(GOOD.replace("}", ", wieght = 2 }"), only=["source.fixAll"])
    assert found.kind == "source.fixAll.lossspec"
    assert list(editor.actions(GOOD, only=["refactor"])) == []


def test_a_too_large_text_is_refused_and_the_server_goes_on(editor):
    (found,) = editor.problems("#" * 300_000)
    assert found.code == "too-large"
    assert list(editor.problems(GOOD)) == []
