import re
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure

from flux.annexe import html
from flux.annexe.section import Section
from flux.rendu.illustration import Illustration
from flux.rendu.typographie import NAMED_NOTE

HOSTILE = "<script>alert(1)</script> &lt; \"a\" 'b' ]]> --> {{ x }}"
VOID = {"meta", "img", "wbr", "br", "link"}


class Page(HTMLParser):
    """The elements of a page in order, each with its attributes and its text; none is left open."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self._open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        for element in self._open:
            element[2].append(data)

    def all(self, *tags):
        return [(tag, attrs, "".join(text)) for tag, attrs, text in self.elements if tag in tags]


@pytest.fixture(scope="module")
def page(annexe):
    return Page(html.render(annexe).decode())


@pytest.fixture
def picture():
    return Illustration(
        cle="i",
        titre="Une image",
        alternative='Trois "barres" & <plus>',
        dessin=lambda: Figure(figsize=(2, 1)),
    )


def same(text):
    return text.replace("\u00a0", " ")


def test_every_table_has_its_caption_its_headings_and_every_row(annexe, page):
    expected = [t for s in annexe.sections for t in s.tableaux_de_page]
    assert [same(text) for _, _, text in page.all("caption")] == [t.titre for t in expected]
    cells = [t.cellules() for t in expected]
    columns = [same(text) for _, attrs, text in page.all("th") if attrs["scope"] == "col"]
    assert columns == [h for c in cells for h in c.entetes]
    rows = [row for c in cells for row in (*c.lignes, *([c.total] if c.total else []))]
    assert [same(text) for _, attrs, text in page.all("th") if attrs["scope"] == "row"] == [
        r[0] for r in rows
    ]
    assert [same(text) for _, _, text in page.all("td")] == [text for row in rows for text in row[1:]]


def test_landmarks_language_title_and_skip_link(annexe, page):
    (lang,) = [attrs["lang"] for _, attrs, _ in page.all("html")]
    assert lang == "fr"
    assert [tag for tag, _, _ in page.all("header", "nav", "main", "footer")] == [
        "header",
        "nav",
        "main",
        "footer",
    ]
    (title,) = [text for _, _, text in page.all("title")]
    assert title == f"{annexe.titre}, {annexe.bailleur}"
    links = [attrs["href"] for _, attrs, _ in page.all("a")]
    assert links == ["#contenu", *(f"#{s.cle}" for s in annexe.sections)]
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    named = [attrs["aria-labelledby"] for _, attrs, _ in page.elements if "aria-labelledby" in attrs]
    assert {*named, *(link[1:] for link in links)} <= set(ids)


def test_headings_follow_each_other(annexe, page):
    levels = [tag for tag, _, _ in page.all("h1", "h2", "h3", "h4")]
    assert levels == ["h1", "h2", *("h2" for _ in annexe.sections)]


def test_the_keyboard_can_scroll_every_table(page):
    regions = [attrs for _, attrs, _ in page.all("div") if attrs.get("class") == "tableau"]
    assert len(regions) == len(page.all("table"))
    assert all(r["role"] == "region" and r["tabindex"] == "0" and r["aria-labelledby"] for r in regions)


def test_nothing_is_asked_outside_and_nothing_runs(annexe, page):
    assert not page.all("script", "link", "iframe", "form")
    places = [attrs.get(k, "") for _, attrs, _ in page.elements for k in ("src", "href", "srcset")]
    assert all(place.startswith(("#", "data:image/png;base64,")) for place in places if place)
    (style,) = [text for _, _, text in page.all("style")]
    assert not re.search(r"url\(|@import|expression", style)


def test_pictures_are_inside_and_say_what_they_show(make_document, picture):
    document = make_document(Section(cle="s", titre="S", illustrations=(picture,)))
    for text in (html.render(document).decode(), html.fragment(document)):
        (img,) = [attrs for _, attrs, _ in Page(text).all("img")]
        assert img["alt"] == picture.alternative
        assert img["src"].startswith("data:image/png;base64,")
        assert [text for _, _, text in Page(text).all("figcaption")] == [picture.titre]


def test_markup_is_text(make_document, make_table, picture):
    section = Section(
        cle="s",
        titre=HOSTILE,
        paragraphes=(HOSTILE,),
        puces=(HOSTILE,),
        tableaux=(make_table([(HOSTILE, 1)], HOSTILE, "N", titre=HOSTILE, note=HOSTILE),),
    )
    document = make_document(section, titre=HOSTILE, bailleur=HOSTILE)
    for text in (html.render(document).decode(), html.fragment(document)):
        page = Page(text)
        assert not page.all("script")
        shown = [same(text) for _, _, text in page.all("h1", "h2", "p", "li", "caption", "th")]
        assert sum(HOSTILE in text for text in shown) >= 8


def test_long_words_break_and_stay_whole(make_document):
    word = "x" * 10_000
    page = Page(html.render(make_document(Section(cle="s", titre="S", paragraphes=(word,)))).decode())
    assert word in [text for _, _, text in page.all("p")]
    assert len(page.all("wbr")) == 499


def test_marks_of_direction_are_shown(make_document):
    page = Page(html.render(make_document(Section(cle="s", titre="S", paragraphes=("a\u202eb",)))).decode())
    said = [text for _, _, text in page.all("p")]
    assert "a□[U+202E]b" in said
    assert NAMED_NOTE in said


def test_the_fragment_stands_alone_in_an_untrusted_notebook(annexe):
    page = Page(html.fragment(annexe))
    assert not page.all("script", "style", "link")
    assert len(page.all("table")) == sum(len(s.tableaux_de_page) for s in annexe.sections)


def contrast(first, second):
    """The ratio of WCAG between two colours."""

    def luminance(colour):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_ink_on_every_ground_is_read(page):
    (style,) = [text for _, _, text in page.all("style")]
    inks = set(re.findall(r"[^-]color: (#\w+)", style))
    grounds = set(re.findall(r"background: (#\w+)", style))
    assert inks and grounds
    assert min(contrast(ink, ground) for ink in inks for ground in grounds) >= 4.5
