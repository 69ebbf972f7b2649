"""Fixtures for the security tests: a watch on the actions of the process, through Python's audit events."""

import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

import lossspec
from lossspec.paths import _open_within

PACKAGE = Path(lossspec.__file__).parent
SHIPPED = [PACKAGE, PACKAGE.parents[1] / "specs", PACKAGE.parents[1] / "schemas"]

#: Events that data must never cause: a program, a connection, a change, foreign code.
FORBIDDEN = (
    "code.__new__",
    "ctypes.",
    "ftplib.",
    "http.client.",
    "os.chdir",
    "os.chmod",
    "os.exec",
    "os.fork",
    "os.link",
    "os.mkdir",
    "os.posix_spawn",
    "os.putenv",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.spawn",
    "os.startfile",
    "os.symlink",
    "os.system",
    "os.truncate",
    "pickle.find_class",
    "poplib.",
    "shutil.",
    "smtplib.",
    "socket.",
    "sqlite3.",
    "subprocess.",
    "urllib.",
    "webbrowser.",
)
#: Events that name a file or a folder first.
FILES = ("open", "os.listdir", "os.scandir", "glob.glob", "os.walk", "pathlib.Path.glob")


class Watch:
    """Records events while it is on; an audit hook cannot be removed."""

    def __init__(self):
        self.on = False
        self.allowed = []
        self.found = []

    def hook(self, event, args):
        if not self.on:
            return
        if event.startswith(FORBIDDEN):
            self.found.append((event, args))
        elif event in FILES and isinstance(args[0], str | bytes | Path):
            path = _base() / (args[0].decode() if isinstance(args[0], bytes) else args[0])
            writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
            if writes or not any(path.resolve().is_relative_to(each) for each in self.allowed):
                self.found.append((event, path))
        elif event == "import" and args[0] not in sys.modules and args[0].partition(".")[0] not in KNOWN:
            self.found.append((event, args[0]))
        elif event == "exec" and not _is_known(args[0].co_filename):
            self.found.append((event, args[0].co_filename))


WATCH = Watch()
KNOWN = set()


def _base():
    """Return the folder of a relative path: that of the descriptor, where lossspec opens step by step."""
    frame = sys._getframe(2)  # the caller of what raised the event
    if frame.f_code is _open_within.__code__ and "at" in frame.f_locals:
        return Path("/proc/self/fd", str(frame.f_locals["at"])).resolve()
    return Path.cwd()


def _is_known(filename):
    generated = ("<attrs generated", "<cattrs generated", "<frozen")
    return filename.startswith(generated) or Path(filename).is_relative_to(PACKAGE)


@pytest.fixture(scope="session")
def _hook():
    sys.addaudithook(WATCH.hook)


@pytest.fixture
def watched(_hook, tmp_path, monkeypatch):
    """Run a block of code and list its forbidden actions; it can read the folder `specs` of the test."""
    folder = tmp_path / "specs"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def watch():
        KNOWN.update(name.partition(".")[0] for name in sys.modules)
        WATCH.allowed = [each.resolve() for each in (*SHIPPED, folder)]
        WATCH.found = []
        WATCH.on = True
        try:
            yield WATCH.found
        finally:
            WATCH.on = False

    watch.folder = folder
    return watch
