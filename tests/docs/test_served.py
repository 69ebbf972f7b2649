"""The built site, served from a folder of another site by a plain file server."""

import json
import os
import re
import subprocess
import threading
from functools import partial
from html import unescape
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
#: The path of the site on the test server.
UNDER = "/papers/2025/lossspec/"
#: Runs when a page has loaded; writes its result where `--dump-dom` shows it.
PROBE = """<script>addEventListener("load", () => setTimeout(() => {
  const style = (query, name) => getComputedStyle(document.querySelector(query))[name];
  const found = document.createElement("pre");
  found.id = "found";
  found.textContent = JSON.stringify({
    curve: style("svg.curve polyline", "stroke"), ground: style("body", "backgroundColor"),
    header: style(".md-header", "position"), logo: document.querySelector(".md-logo img").naturalWidth,
    math: document.querySelector("math mtext.tensor").getBoundingClientRect().width,
    overflow: document.documentElement.scrollWidth - innerWidth,
  });
  document.body.append(found);
}, 500));</script></body>"""


class Handler(SimpleHTTPRequestHandler):
    """Serves files, records the requests, and adds the probe to pages."""

    def send_head(self):
        self.server.asked.append(urlsplit(self.path).path)
        return super().send_head()

    def copyfile(self, source, outputfile):
        content = source.read()
        if b"</body>" in content:
            content = content.replace(b"</body>", PROBE.encode())
        outputfile.write(content)

    def send_header(self, keyword, value):
        if keyword != "Content-Length":  # the probe makes pages longer; the end of the connection ends them
            super().send_header(keyword, value)

    def send_error(self, code, message=None, explain=None):
        self.server.lost.append(self.path)
        super().send_error(code, message, explain)

    def log_message(self, *_):
        pass


@pytest.fixture
def served(site, tmp_path):
    """A server of a folder that contains the site."""
    place = tmp_path / "www" / UNDER.strip("/")
    place.parent.mkdir(parents=True)
    place.symlink_to(site)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "www")))
    server.asked, server.lost = [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_works_in_a_browser_at_any_address(served, chromium, dark):
    dom = chromium(
        "--virtual-time-budget=20000",
        "--window-size=500,900",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        "--dump-dom",
        f"http://127.0.0.1:{served.server_port}{UNDER}gallery/vqgan/",
    )
    found = json.loads(unescape(re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)[1]))
    assert found["curve"] == ("rgb(79, 195, 180)" if dark else "rgb(18, 120, 108)")
    light = sum(map(int, re.findall(r"\d+", found["ground"])[:3]))
    assert light < 150 if dark else light > 600
    assert found["header"] == "sticky"
    assert found["logo"] > 0
    assert found["math"] > 10
    assert found["overflow"] <= 0
    asked = [path for path in served.asked if path != "/favicon.ico"]
    assert any(path.endswith("assets/site.css") for path in asked)
    assert any(path.endswith(".js") for path in asked)
    assert not [path for path in asked if not path.startswith(UNDER)]
    assert not [path for path in served.lost if path != "/favicon.ico"]


class Links(HTMLParser):
    """Collects everything that a page links to or loads."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if given.get("rel") == "canonical":  # the address of the published site, which is not followed
            return
        self.found += [given[name] for name in ("href", "src") if given.get(name)]


def test_internal_links_are_relative_and_lead_to_files(site):
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        links = Links()
        links.feed(page.read_text("utf-8"))
        here = "/" + page.relative_to(site).as_posix()
        for link in links.found:
            if urlsplit(link).scheme:
                continue
            assert not link.startswith("/"), f"{page}: {link} holds only where the site is the whole host"
            path = unquote(urlsplit(urljoin(here, link)).path)
            file = site / (path + "index.html" if path.endswith("/") else path).lstrip("/")
            assert file.is_file(), f"{page}: {link}"


def test_the_404_page_links_to_the_published_site(site):
    """It is shown at any depth, so its links cannot be relative."""
    published = urlsplit(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["site_url"]).path
    links = Links()
    links.feed((site / "404.html").read_text("utf-8"))
    inside = [link for link in links.found if not urlsplit(link).scheme and not link.startswith("#")]
    assert inside
    assert all(link.startswith(published) for link in inside)


def test_the_configuration_publishes_what_make_docs_builds(site, tmp_path):
    config = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text("utf-8"))
    made, *rest = config["build"]["commands"]
    assert made == "make docs"
    subprocess.run(["make", "--dry-run", "docs"], cwd=ROOT, check=True, capture_output=True)
    env = {**os.environ, "READTHEDOCS_OUTPUT": str(tmp_path / "output")}
    for command in rest:
        subprocess.run(["bash", "-c", command], cwd=site.parents[1], env=env, check=True)
    published = tmp_path / "output" / "html"
    assert (published / "index.html").read_bytes() == (site / "index.html").read_bytes()
    assert (published / "assets" / "site.css").is_file()
