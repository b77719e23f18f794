"""The guide: pages that say what the code says, examples that run, a site without a warning nor a network."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest

import flux
from flux.cli import run

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)
REMAKE = "python scripts/guide.py --pages"
# A page whose examples need files that it does not give says so on the line above each: it is compiled only.
NOT_RUN = "<!-- non exécuté : "
BLOCK = re.compile(rf"({NOT_RUN}[^\n]*\n+)?```(python|console)\n(.*?)```", re.DOTALL)
# Pages whose examples their own tests run, and hold to more.
ELSEWHERE = {"methodes.md", "explication.md"}


def blocks(page: Path) -> list[tuple[bool, str, str]]:
    """Whether it is run, its kind and its text, for each example of a page."""
    return [(not m[1], m[2], m[3]) for m in BLOCK.finditer(page.read_text(encoding="utf-8"))]


WITH_EXAMPLES = [p for p in PAGES if any(runs for runs, _, _ in blocks(p)) and p.name not in ELSEWHERE]


@pytest.fixture(scope="module")
def guide() -> ModuleType:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        return importlib.import_module("guide")
    finally:
        sys.path.remove(str(ROOT / "scripts"))


@pytest.mark.parametrize("name", ["dossier.md", "regles.md", "glossaire.md"])
def test_generated_pages_are_up_to_date(guide: ModuleType, name: str) -> None:
    assert set(guide.PAGES) == {"dossier.md", "regles.md", "glossaire.md"}
    assert (DOCS / "guide" / name).read_text(encoding="utf-8") == guide.PAGES[name](), REMAKE


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda p: str(p.relative_to(DOCS)))
def test_examples_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, in one place, as a reader would: Python shares its names, commands their files."""
    shutil.copytree(ROOT / "data" / "samples", tmp_path / "data" / "samples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": page.stem}
    for runs, kind, text in blocks(page):
        if kind == "python":
            code = compile(text, page.name, "exec")
            if runs:
                exec(code, names)
        elif runs:
            console(text, capsys)


def console(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Run each `$ flux …` and find what the page shows of it, line by line; `…` stands for any lines."""
    for command, shown in re.findall(r"^\$ flux (.*)\n((?:(?!\$ ).*\n)*)", text, flags=re.MULTILINE):
        capsys.readouterr()
        assert run(command.split()) == 0, command
        printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
        for line in shown.splitlines():
            wanted = " ".join(line.strip("…").split())
            assert any(wanted in p for p in printed), f"flux {command}: {wanted}"


def test_the_pencil_finds_the_quotas_of_the_code() -> None:
    """The rounding by hand of docs/methodes.md: exact, whole part, remainder, quota."""
    page = (DOCS / "methodes.md").read_text(encoding="utf-8")
    rounding = page.split("**Au plus fort reste**")[1].split("**Sainte-Laguë**")[0]
    row = r"^\| (.+?) \| ([\d,]+) \| (\d+) \| ([\d,]+) \|.*\| (\d+) \|$"
    rows = re.findall(row, rounding, flags=re.MULTILINE)
    quotas = flux.convert(flux.read_dossier(ROOT / "data" / "samples" / "cas-ecole")).table
    said = sorted((float(exact.replace(",", ".")), int(quota)) for _, exact, _, _, quota in rows)
    assert said == sorted(zip(quotas["quota_exact"], quotas["quota"], strict=True))
    for name, exact, whole, remainder, _ in rows:
        assert float(exact.replace(",", ".")) == pytest.approx(
            int(whole) + float(remainder.replace(",", "."))
        ), name


def test_the_api_page_has_every_public_name() -> None:
    page = (DOCS / "developpeurs" / "api.md").read_text(encoding="utf-8")
    named = re.findall(r"^\.\. auto(?:function|class|exception):: (\w+)$", page, flags=re.MULTILINE)
    assert sorted(named) == sorted(flux.__all__)


# ---------------------------------------------------------------- the site


class Links(HTMLParser):
    """Identifiers of a page, what it links to, and what it loads."""

    LOADS = (("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href"))

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value for name, value in attrs if value}
        self.ids.update(said[k] for k in ("id", "name") if k in said)
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        self.loads += [said[name] for loader, name in self.LOADS if loader == tag and name in said]


@pytest.fixture(scope="module")
def site(guide: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Links]:
    """Every page of the site, built where nothing is kept."""
    for name in ("sphinx", "myst_parser", "furo"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} n'est pas installé : pip install -c constraints.txt -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site") / "html"
    guide.build(folder)
    return {p: Links(p.read_text(encoding="utf-8")) for p in sorted(folder.rglob("*.html"))}


def test_the_site_has_every_page(site: dict[Path, Links]) -> None:
    built = {p.stem for p in site}
    assert {p.stem for p in PAGES} <= built


def test_internal_links_resolve(site: dict[Path, Links]) -> None:
    broken = []
    for page, found in site.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or link == "#":
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.exists() or (
                parts.fragment and target in site and unquote(parts.fragment) not in site[target].ids
            ):
                broken.append(f"{page.name}: {link}")
    assert not broken


def test_nothing_is_loaded_from_elsewhere(site: dict[Path, Links]) -> None:
    loads = {(page.name, load) for page, found in site.items() for load in found.loads if "//" in load}
    assert not {load for load in loads if not load[1].startswith("data:")}
    folder = next(p for p in site if p.name == "genindex.html").parent
    elsewhere = re.compile(r"url\(\s*['\"]?(https?:|//)|@import")
    assert not [c.name for c in folder.rglob("*.css") if elsewhere.search(c.read_text(encoding="utf-8"))]
