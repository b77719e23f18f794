"""The tree of a figure: read aloud, folded, never by colour alone."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction as F
from html.parser import HTMLParser

import pytest

from flux.noyau.provenance import Couleur, Figure, Source, step
from flux.rendu import arbre


@step("somme", signe="+")
def summed(*values: F) -> F:
    return sum(values, F(0))


@step("le premier, comparé aux autres")
def first(*values: F) -> F:
    return values[0]


def read(value: int | F, nom: str, fichier: str = "droits.csv", **more: object) -> Figure:
    source = Source(
        fichier=fichier, colonne="nb", filtre="commune = 1", nb_lignes=2, lignes="2, 5", sha256="0f"
    )
    fields = {"couleur": Couleur.DONNEE, "source": source} | more
    return Figure(valeur=F(value), nom=nom, **fields)  # type: ignore[arg-type]


def files(nb: int) -> list[Figure]:
    """Terms of distinct files, that no line can sum up."""
    return [read(k, f"terme {k}", f"{k}.csv") for k in range(1, nb + 1)]


def test_every_line_has_its_value_its_word_and_where_it_was_read() -> None:
    said = arbre.texte(summed(read(2, "deux"), read(F(1, 3), "un tiers"), nom="les deux"))
    assert "les deux : 2,3333 logements [calcul]" in said
    assert "= 2 + 0,3333" in said
    assert "  deux : 2 logements [donnée]" in said
    assert "lu dans droits.csv, colonne « nb », commune = 1 : 2 lignes (2, 5)" in said
    assert "Légende : [donnée] lu dans un fichier du dossier ; [calcul]" in said
    assert said.count("0f") == 1


@pytest.mark.parametrize(("couleur", "word"), list(arbre.MOTS.items()))
def test_a_colour_is_a_word_first(couleur: Couleur, word: str) -> None:
    figure = Figure(valeur=F(1), nom="un", couleur=couleur)
    assert f"[{word}]" in arbre.texte(figure)
    assert f">{word}</span>" in arbre.html(figure)


def test_what_a_hypothesis_touches_says_so() -> None:
    whole = summed(read(1, "supposé", couleur=Couleur.HYPOTHESE), read(2, "lu"))
    assert "[calcul sur hypothèse]" in arbre.texte(whole)
    assert "[calcul]" not in arbre.texte(whole)


def test_colours_can_be_read() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for _, ink, paper in arbre.STYLES.values():
        dark, light = sorted((luminance(ink), luminance(paper)))
        assert (light + 0.05) / (dark + 0.05) >= 7


def test_choices_of_the_parties_are_said_once() -> None:
    chosen = [replace(f, choix=("Arrondi – Au plus fort reste.",)) for f in files(3)]
    for said in (arbre.texte(summed(*chosen)), arbre.html(summed(*chosen))):
        assert said.count("Arrondi – Au plus fort reste.") == 1
        assert "choix ou stipulation des parties" in said


def test_a_long_sum_is_cut_and_what_is_cut_is_counted() -> None:
    said = arbre.texte(summed(*files(188)))
    assert "… et 180 autres termes, ensemble 17\u202f730 logements" in said
    assert len(said.splitlines()) < 220
    assert "terme 188" in arbre.texte(summed(*files(188)), profondeur=None)


def test_of_a_long_sum_the_first_term_is_unfolded() -> None:
    parts = [summed(read(k, f"feuille {k}", f"{k}.csv"), nom=f"partie {k}") for k in range(5)]
    said = arbre.texte(summed(*parts))
    assert "feuille 0" in said and "feuille 1" not in said
    assert "partie 4 : 4 logements [calcul] [+]" in said
    assert "feuille 4" in arbre.texte(summed(*parts), profondeur=None)


def test_counts_of_one_file_are_summed_in_a_line() -> None:
    said = arbre.texte(summed(*(read(k, f"commune {k}") for k in range(1, 15)), nom="base"))
    assert "lus dans droits.csv : commune 1 1, commune 2 2, commune 3 3, commune 4 4 et 10 autres" in said


def test_what_is_deeper_is_announced() -> None:
    figure = read(1, "fond")
    for k in range(8):
        figure = summed(figure, nom=f"étage {k}")
    said = arbre.texte(figure, profondeur=2)
    assert "étage 5 : 1 logement [calcul] [+]" in said and "étage 4" not in said
    assert "profondeur=None" in said
    assert "fond" in arbre.texte(figure, profondeur=None)
    assert "[+]" not in arbre.texte(figure, profondeur=None)


def test_what_was_detailed_is_referred_to() -> None:
    shared = summed(read(1, "lu"), nom="partagé")
    whole = summed(summed(shared, nom="a"), summed(shared, nom="b"))
    said = arbre.texte(whole)
    assert "partagé : 1 logement [calcul]   (n° 1)" in said
    assert "partagé : 1 logement [calcul]   (voir plus haut, n° 1)" in said
    link = re.search(r'href="#([^"]+)"', arbre.html(whole))
    assert link and f'id="{link[1]}"' in arbre.html(whole)


def test_what_is_only_compared_with_is_counted_not_unfolded() -> None:
    others = [summed(read(k, f"dû {k}"), nom=f"autre {k}") for k in range(2, 9)]
    figure = first(read(1, "le sien"), *others, contexte=len(others), notes=("Pourquoi 1 et pas 2 : …",))
    said = arbre.texte(figure)
    assert "parmi 7 autres chiffres" in said and "autre 3" not in said
    assert "    → Pourquoi 1 et pas 2 : …" in said
    assert "<li>autre 3 : 3 logements</li>" in arbre.html(figure)


def test_what_is_taken_away_has_a_minus() -> None:
    assert "= 2 − 0,5000" in arbre.texte(summed(read(2, "dû"), read(F(-1, 2), "solde")))


def test_units() -> None:
    def said(value: F, unite: str) -> str:
        return (
            arbre.value(Figure(valeur=value, nom="x", unite=unite))
            .replace("\u202f", " ")
            .replace("\xa0", " ")
        )

    assert said(F(1), "logements") == "1 logement"
    assert said(F(7, 2), "logements") == "3,5000 logements"
    assert said(F(3, 10), "part") == "30,00 %"
    assert said(F(3, 10), "part du flux") == "30,00 % du flux"
    assert said(F(73, 1000), "par an") == "7,30 % par an"
    assert said(F(1, 3), "rapport") == "0,333333"


class Nesting(HTMLParser):
    """Holds that every tag is closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("br", "meta"):
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def test_html_is_whole_escaped_and_without_script() -> None:
    nasty = replace(read(1, "<script>alert('x')</script>\x1b[31m"), notes=("<b>",), choix=("<i>",))
    page = arbre.html(summed(nasty, *files(30), nom="« A & B »"))
    nesting = Nesting()
    nesting.feed(page)
    assert nesting.opened == []
    assert "<script" not in page and "\x1b" not in page and "&lt;script&gt;" in page and "A &amp; B" in page
    assert "… et 19 autres termes" in page


def test_a_name_cannot_drive_a_terminal() -> None:
    assert "\x1b" not in arbre.texte(read(1, "rouge\x1b[31m\nfaux : 9"))
