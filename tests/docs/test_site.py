"""The site builds without a warning, lists every page, and loads nothing from other hosts."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
WRITTEN = sorted(
    path.relative_to(ROOT / "docs").as_posix()
    for path in (ROOT / "docs").rglob("*.md")
    if "examples" not in path.parts
)
NAV = re.findall(r"^ +- (?:\w+: )?(\S+\.md|\S+/)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)


def test_the_navigation_lists_every_page(generated):
    folders = tuple(entry for entry in NAV if entry.endswith("/"))
    lost = [path for path in [*WRITTEN, *generated] if path not in NAV and not path.startswith(folders)]
    assert not lost
    there = {*WRITTEN, *generated}
    assert not [entry for entry in NAV if not any(path.startswith(entry) for path in there)]
    assert len(NAV) == len(set(NAV))


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/examples/plugin/README.md"]
)
def test_links_of_pages_outside_the_site_lead_to_files(page):
    text = (ROOT / page).read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("http")]
    assert not [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]


def test_a_broken_link_and_a_broken_anchor_fail_the_build(zensical, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: x\n")
    page = tmp_path / "docs" / "index.md"
    for text, code in (("# Fine", 0), ("# One\n\n[gone](gone.md)", 1), ("# Two\n\n[gone](#gone)", 1)):
        page.write_text(text)
        assert zensical(tmp_path).returncode == code, text


def test_a_missing_included_file_fails_the_build(generate, tmp_path):
    source = tmp_path / "docs"
    source.mkdir()
    (source / "page.md").write_text('# Page\n\n--8<-- "docs/numbers.txt"\n\nMore.\n')
    with pytest.raises(FileNotFoundError, match=r"numbers\.txt"):
        generate.written.pages(source)
    (source / "numbers.txt").write_text("a  1\nb  2\n")
    page = generate.written.pages(source)["page.md"]
    assert page == "# Page\n\n```text\na  1\nb  2\n```\n\nMore.\n"


class Requests(HTMLParser):
    """Collects what a browser loads for a page by itself: not the links that a reader can follow."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "link" and given.get("rel") not in {"canonical", "next", "prev"}:
            self.found.append(given["href"])
        if tag in {"script", "img", "iframe", "source", "video", "audio", "embed"} and given.get("src"):
            self.found.append(given["src"])


def test_no_page_loads_anything_from_another_host(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 100
    for page in pages:
        requests = Requests()
        requests.feed(page.read_text("utf-8"))
        assert requests.found, "a page without its style sheet"
        assert not [each for each in requests.found if re.match(r"(\w+:)?//", each)], page
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//|@import", style.read_text("utf-8")), style


def test_pages_contain_no_raw_markup(site):
    start = (site / "index.html").read_text("utf-8")
    assert "translate.loss.toml" in start
    assert " wrong" not in (site / "tutorial" / "index.html").read_text("utf-8").partition("denoise")[2][:200]
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        visible = re.sub(r"<(script|style|code|pre)\b.*?</\1>", "", text, flags=re.DOTALL)
        assert "```" not in visible, f"{page}: a fence that is none"
        assert "--8<--" not in text, f"{page}: a file that is not shown"
        assert ">none<" not in visible, f"{page}: an entry of the navigation has no page"
