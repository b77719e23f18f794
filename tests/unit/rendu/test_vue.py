import subprocess
import sys
from fractions import Fraction
from html.parser import HTMLParser
from textwrap import wrap

import pandas as pd
import pytest

from flux.rendu.vue import Affichable, Colonne, Tableau, Vue, html, texte

LONG = "Communauté d'agglomération du Val-de-Mire & des Trois-Rivières <SA>"


@pytest.fixture
def tableau() -> Tableau:
    frame = pd.DataFrame(
        {
            "id_reservataire": [LONG, "etat"],
            "nb_droits": [1234.5, 50],
            "part_flux": [0.15, 0.85],
            "quota": [8, 45],
            "quota_exact": [Fraction(159, 20), Fraction(901, 20)],
        }
    )
    return Tableau(
        titre="Quotas", frame=frame, colonnes=tuple(frame.columns), total=True, article="CCH, art. R. 441-5"
    )


def test_totals_add_up_what_can_be_added(tableau):
    total = tableau.cellules().total
    assert total == ("Total", "1\u202f284,50", "", "53", "53,00")


def test_what_nobody_gave_has_no_total():
    frame = pd.DataFrame({"id_reservataire": ["a"], "quota": pd.Series([pd.NA], dtype="Int64")})
    table = Tableau(titre="Q", frame=frame, colonnes=["id_reservataire", "quota"], total=True)
    assert table.cellules().total == ("Total", "—")


def test_columns_of_text_give_way_where_it_costs_the_fewest_lines():
    rows = [("choix", "CCH, art. R. 441-5-2, II", "une phrase longue " * 6)] * 3
    frame = pd.DataFrame(rows, columns=["fichier", "article", "motif"])
    cells = Tableau(titre="T", frame=frame, colonnes=["fichier", "article", "motif"]).cellules()
    widths = cells.largeurs(85)
    assert sum(widths) == 85
    assert max(len(wrap(text, width)) for text, width in zip(rows[0], widths, strict=True)) == 2


def test_a_given_total_prevails(tableau):
    other = Tableau(
        titre="Q", frame=tableau.frame, colonnes=["id_reservataire", "quota"], total={"quota": 54}
    )
    assert other.cellules().total == ("Total", "54")


def test_the_common_unit_is_said_once_and_different_units_in_the_headings(tableau):
    assert tableau.pied == "Unité : logements. Texte : CCH, art. R. 441-5."
    mixed = Tableau(
        titre="M",
        frame=pd.DataFrame({"cout_marginal": [3], "nb_relocations": [1]}),
        colonnes=["cout_marginal", "nb_relocations"],
    )
    assert mixed.cellules().entetes == (
        "Coût marginal (logements par logement)",
        "Relocations observées (logements)",
    )


def test_a_column_may_have_its_own_heading():
    frame = pd.DataFrame({"commune": ["A"], "als": [3]})
    cells = Tableau(
        titre="M", frame=frame, colonnes=["commune", Colonne("als", "nb", "Action Logement")]
    ).cellules()
    assert cells.entetes == ("Commune", "Action Logement")
    assert cells.a_droite == (False, True)


def test_an_empty_table_keeps_its_headings(tableau):
    empty = Tableau(
        titre="V", frame=tableau.frame.iloc[:0], colonnes=["id_reservataire", "quota"], total=True
    )
    assert empty.cellules().lignes == ()
    assert "Réservataire" in texte(Vue(titre="t", tableaux=(empty,)))


@pytest.mark.parametrize("largeur", [20, 60, 200])
def test_text_never_cuts_a_number_nor_drops_a_column(tableau, largeur):
    shown = texte(Vue(titre="Conversion", tableaux=(tableau,)), largeur=largeur)
    for number in ("1\u202f234,50", "85,0\u202f%", "45,05", "53,00"):
        assert number in shown
    assert "…" not in shown
    assert "\x1b" not in shown


def test_long_tables_are_folded_and_say_so():
    frame = pd.DataFrame({"commune": [f"{i:05d}" for i in range(100)]})
    vue = Vue(titre="Communes", tableaux=(Tableau(titre="C", frame=frame, colonnes=["commune"]),))
    assert "et 40 lignes de plus" in texte(vue)
    assert "et 40 lignes de plus" in html(vue)
    assert "00099" in texte(vue, lignes=None)


class Checker(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_html_is_well_formed_escaped_and_alone(tableau):
    checker = Checker()
    checker.feed(html(Vue(titre="<Conversion>", tableaux=(tableau,), notes=("a < b",))))
    assert checker.open == []
    tags = [tag for tag, _ in checker.tags]
    assert {"caption", "thead", "tbody", "tfoot"} <= set(tags)
    assert not {"script", "style", "link", "img", "sa", "conversion"} & set(tags)
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in checker.tags if tag == "th")
    assert LONG in checker.text
    assert not any("src" in attrs or "href" in attrs for _, attrs in checker.tags)


def test_a_result_shows_its_view(tableau):
    class Result(Affichable):
        def vue(self):
            return Vue(titre="Conversion", tableaux=(tableau,))

    result = Result()
    assert repr(result) == str(result) == texte(result.vue())
    assert result._repr_html_() == html(result.vue())


def test_importing_the_floor_loads_no_picture_library():
    code = (
        "import sys, flux.rendu.vue, flux.rendu.images, flux.rendu.glossaire\n"
        "assert not {'matplotlib', 'great_tables', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
