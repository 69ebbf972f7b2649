"""An editor for tests and benchmarks: pygls' own client, in front of a real ``python -m lossspec lsp``."""

import asyncio
import contextlib
import os
import sys
import threading

import pytest
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

#: Seconds until an answer is given up; machines are busy.
PATIENCE = 60


class Editor:
    """A client that waits for each answer.

    A text is given with the cursor as ``|``.
    """

    def __init__(self, folder, *arguments, capabilities=None, command=(sys.executable, "-m", "lossspec")):
        self.folder = folder
        self.published = {}  # every list of problems, by document
        self.arrived = threading.Condition()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.client = LanguageClient("tests", "1")

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params):  # every list is kept: the newest alone could be one of an older text
            with self.arrived:
                self.published.setdefault(params.uri, []).append(params)
                self.arrived.notify_all()

        @self.client.feature(lsp.WINDOW_SHOW_MESSAGE)
        def shown(params):
            pass

        environment = {**os.environ, "PYTHONWARNINGS": "error"}
        self.run(self.client.start_io(*command, "lsp", *arguments, cwd=folder, env=environment))
        self.initialized = self.ask(
            "initialize_async",
            lsp.InitializeParams(capabilities or lsp.ClientCapabilities(), root_uri=folder.as_uri()),
        )
        self.client.initialized(lsp.InitializedParams())
        self.versions = {}

    @property
    def process(self):
        return self.client._server

    def run(self, awaitable):
        return asyncio.run_coroutine_threadsafe(awaitable, self.loop).result(PATIENCE)

    def ask(self, method, params):
        return self.run(getattr(self.client, method)(params))

    def tell(self, method, params):
        self.loop.call_soon_threadsafe(getattr(self.client, method), params)

    def close(self):
        """End the server as the protocol says, and return the exit code of its process."""
        self.ask("shutdown_async", None)
        self.tell("exit", None)
        code = self.run(self.process.wait())
        self.stop()
        return code

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.run(self.process.wait())
        self.run(self._cancelled())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        self.loop.close()

    async def _cancelled(self):
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        transport = self.process._transport
        transport.close()

    def uri(self, name):
        return (self.folder / name).as_uri()

    def show(self, marked, name="mine.loss.toml"):
        """Open a text, or change it; return where its cursor is."""
        text, position = marked.replace("|", "", 1), None
        if "|" in marked:
            lines = marked[: marked.index("|")].split("\n")
            position = lsp.Position(len(lines) - 1, len(lines[-1].encode("utf-16-le")) // 2)
        uri = self.uri(name)
        version = self.versions[uri] = self.versions.get(uri, 0) + 1
        if version == 1:
            item = lsp.TextDocumentItem(uri, "toml", version, text)
            self.tell("text_document_did_open", lsp.DidOpenTextDocumentParams(item))
        else:
            which = lsp.VersionedTextDocumentIdentifier(version, uri)
            whole = lsp.TextDocumentContentChangeWholeDocument(text)
            self.tell("text_document_did_change", lsp.DidChangeTextDocumentParams(which, [whole]))
        return position

    def problems(self, marked, name="mine.loss.toml"):
        """Show a text and return the problems that the server publishes for it."""
        self.show(marked, name)
        return self.wait(name).diagnostics

    def wait(self, name="mine.loss.toml"):
        """Return what the server publishes for the newest version of a document."""
        uri = self.uri(name)

        def newest():
            return [each for each in self.published.get(uri, ()) if each.version == self.versions[uri]]

        with self.arrived:
            assert self.arrived.wait_for(newest, PATIENCE), "nothing was published"
            return newest()[-1]

    def at(self, method, marked, name="mine.loss.toml", kind=lsp.TextDocumentPositionParams):
        position = self.show(marked, name)
        return self.ask(
            f"text_document_{method}_async", kind(lsp.TextDocumentIdentifier(self.uri(name)), position)
        )

    def completions(self, marked, name="mine.loss.toml"):
        """Return the labels of what may be typed at the cursor."""
        return [item.label for item in self.at("completion", marked, name, lsp.CompletionParams).items]

    def completed(self, marked, label, name="mine.loss.toml"):
        """Return the text after an item is chosen."""
        found = self.at("completion", marked, name, lsp.CompletionParams).items
        (edit,) = (item.text_edit for item in found if item.label == label)
        return edited(marked.replace("|", "", 1), [edit])

    def hover(self, marked, name="mine.loss.toml"):
        found = self.at("hover", marked, name, lsp.HoverParams)
        return found.contents.value if found else None

    def definition(self, marked, name="mine.loss.toml"):
        return self.at("definition", marked, name, lsp.DefinitionParams)

    def of(self, method, kind, name="mine.loss.toml"):
        return self.ask(f"text_document_{method}_async", kind(lsp.TextDocumentIdentifier(self.uri(name))))

    def actions(self, marked, name="mine.loss.toml", only=None):
        problems = self.problems(marked, name)
        everywhere = lsp.Range(lsp.Position(0, 0), lsp.Position(10_000, 0))
        context = lsp.CodeActionContext(problems, only)
        params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(self.uri(name)), everywhere, context)
        return self.ask("text_document_code_action_async", params)

    def fixed(self, marked, title, name="mine.loss.toml"):
        """Return the text after the action of this title."""
        (action,) = (each for each in self.actions(marked, name) if each.title == title)
        return edited(marked, action.edit.changes[self.uri(name)])


def offset(text, position):
    """Return the offset of a position in UTF-16 units."""
    lines = text.split("\n")
    line = lines[position.line].encode("utf-16-le")[: 2 * position.character].decode("utf-16-le")
    return sum(len(each) + 1 for each in lines[: position.line]) + len(line)


def edited(text, edits):
    """Return a text after edits, as an editor makes them."""
    for each in sorted(edits, key=lambda one: offset(text, one.range.start), reverse=True):
        start, end = offset(text, each.range.start), offset(text, each.range.end)
        text = text[:start] + each.new_text + text[end:]
    return text


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    """An editor with a server of its own, in an empty folder, for the tests of one file."""
    editor = Editor(tmp_path_factory.mktemp("editor"))
    yield editor
    assert editor.close() == 0
