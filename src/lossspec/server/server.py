"""Connects the features to the protocol: the only file that imports ``pygls``.

Every request is answered from the newest text. ``pygls`` turns an error in one request into an error
response, so it never ends the server.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from lossspec import registry, schedules
from lossspec._version import __version__
from lossspec.errors import LossSpecError
from lossspec.language.documents.project import project
from lossspec.language.schema import committed
from lossspec.language.text.reference import SUFFIX
from lossspec.server import actions, completion, definition, diagnostics, hover, lens, symbols
from lossspec.server.state.document import Document
from lossspec.server.state.positions import UNITS, Positions

#: Seconds without typing before problems are published: quick edits are checked once.
DELAY = 0.05
_TRIGGERS = ['"', "'", ".", "{", "$", "[", "+", "=", " "]


class Server(LanguageServer):
    """The language server; it holds the open specs."""

    def __init__(self) -> None:
        # the whole text at each change: an edit needs no agreement on what ends a line
        super().__init__("lossspec", __version__, lsp.TextDocumentSyncKind.Full)
        self.documents: dict[str, Document] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    def find(self, uri: str) -> tuple[Document, Positions] | None:
        """Return an open spec, or None if the file is not a spec."""
        document = self.documents.get(uri)
        return None if document is None else (document, self.positions(document))

    def positions(self, document: Document) -> Positions:
        """Return how to count columns in a document: as the client does."""
        encoding = self.workspace.position_codec.encoding
        return Positions(document.source, UNITS[encoding or "utf-16"])

    def put(self, uri: str, text: str) -> None:
        """Take a new text of a spec, and publish its problems soon."""
        if not uri.endswith(SUFFIX):
            return
        path = to_fs_path(uri) if uri.startswith("file:") else None  # or it is not saved yet
        self.documents[uri] = Document.of(text, Path(path) if path else None, self.documents.get(uri))
        self.publish_soon(uri)

    def publish_soon(self, uri: str) -> None:
        """Publish the problems of a spec after a moment without edits."""
        if uri in self._waiting:
            self._waiting[uri].cancel()
        self._waiting[uri] = asyncio.get_running_loop().call_later(DELAY, self.publish, uri)

    def publish(self, uri: str) -> None:
        """Publish the problems of a spec."""
        self._waiting.pop(uri, None)
        found = self.find(uri)
        if found is None:
            return
        try:
            problems = diagnostics.diagnostics(*found)
        except LossSpecError as error:  # of an installed catalogue
            self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, f"lossspec: {error}"))
            return
        version = self.workspace.get_text_document(uri).version
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, problems, version))

    def close(self, uri: str) -> None:
        """Forget a spec and its problems."""
        if self.documents.pop(uri, None) is not None:
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))


def make_server() -> Server:
    """Return a server with every feature, not yet started."""
    server = Server()
    _follow_documents(server)
    _answer_requests(server)
    return server


def warm() -> None:
    """Read what the first completion would read: the schema and every catalogue."""
    committed.validator()
    registry.balancers()
    registry.summaries()
    schedules.types()


def _follow_documents(server: Server) -> None:
    """Follow what the client opens, edits, saves and closes."""

    @server.feature(lsp.INITIALIZED)
    @server.thread()
    def initialized(_: lsp.InitializedParams) -> None:
        warm()

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        project.cache_clear()
        server.put(params.text_document.uri, params.text_document.text)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.put(uri, server.workspace.get_text_document(uri).source)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(_: lsp.DidSaveTextDocumentParams) -> None:
        project.cache_clear()
        for uri, document in server.documents.items():  # any of them may extend what was saved
            server.documents[uri] = Document.of(document.source.text, document.path, document)
            server.publish_soon(uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        server.close(params.text_document.uri)


def _answer_requests(server: Server) -> None:
    """Answer what the client asks."""

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(_TRIGGERS, resolve_provider=True))
    def completed(params: lsp.CompletionParams) -> lsp.CompletionList | None:
        found = server.find(params.text_document.uri)
        return completion.complete(*found, params.position) if found else None

    @server.feature(lsp.COMPLETION_ITEM_RESOLVE)
    def resolved(item: lsp.CompletionItem) -> lsp.CompletionItem:
        return completion.described(item)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hovered(params: lsp.HoverParams) -> lsp.Hover | None:
        found = server.find(params.text_document.uri)
        return hover.hover(*found, params.position) if found else None

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def defined(params: lsp.DefinitionParams) -> lsp.Location | None:
        found = server.find(params.text_document.uri)
        return definition.definition(*found, params.position) if found else None

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outlined(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol] | None:
        found = server.find(params.text_document.uri)
        return symbols.symbols(*found) if found else None

    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS, lsp.CodeLensOptions())
    def ranged(params: lsp.CodeLensParams) -> list[lsp.CodeLens] | None:
        found = server.find(params.text_document.uri)
        return lens.lenses(*found) if found else None

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.SourceFixAll]),
    )
    def fixed(params: lsp.CodeActionParams) -> list[lsp.CodeAction] | None:
        uri = params.text_document.uri
        found = server.find(uri)
        return actions.actions(*found, uri, params) if found else None
