"""Years ahead: what stands each 1 January, what moves the shares, and that nothing is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from fabrique import dossier, logements, reservataire
from suivi import check

import flux
from flux.conversion.projection import Projection, project
from flux.conversion.projection.causes import ORDRE
from flux.conversion.projection.evenements import NATURES
from flux.dossier import Dossier
from flux.noyau.provenance import Couleur
from flux.rendu import glossaire
from flux.rendu.images_annees import MARQUES

COMMUNE = "commune_00001"
TABLES = ("table", "communes", "plafonds", "assiette", "flux", "soustractions", "livraisons", "soldes", "dus")


def essai(
    parc: list[Any],
    reservations: list[dict[str, Any]],
    *,
    choix: dict[str, Any] | None = None,
    taux: float = 0.05,
    stipulations: dict[str, Any] | None = None,
    **tables: Any,
) -> Dossier:
    """A commune's dossier with a State at its legal share and a turnover that the convention states."""
    rights = [{"id_reservataire": COMMUNE, "commune": "00001", **r} for r in reservations]
    holders = sorted({r["id_reservataire"] for r in rights} | {"etat_prioritaires"})
    return dossier(
        convention={
            "choix": choix or {},
            "stipulations": {"part_etat": "legale", **(stipulations or {})},
            "hypotheses": {"taux_rotation": taux},
        },
        logements=parc,
        reservataires=[reservataire(h) for h in holders],
        reservations=rights,
        **tables,
    )


def exemple_3(regle: str) -> Dossier:
    """domain.md, 3.4, example 3, begun a year earlier: 150 of 1,000; then 60 delivered, 10 sold, 30 ended."""
    return essai(
        [
            *logements(990, "00001", "ancien"),
            *logements(10, "00001", "vendu", date_sortie="2026-09-30", motif_sortie="vente_occupant"),
        ],
        [
            {"programme": "ancien", "nb": 118, "contrepartie": "foncier"},
            {"programme": "ancien", "nb": 30, "contrepartie": "foncier", "date_fin": "2027-06-30"},
            {"programme": "vendu", "nb": 2, "contrepartie": "foncier"},
            {"programme": "livre", "nb": 12, "contrepartie": "foncier", "date_debut": "2026-06-15"},
        ],
        choix={"regle_echeance": regle},
        livraisons=[
            {
                "programme": "livre",
                "commune": "00001",
                "typologie": "T3",
                "financement": "PLUS",
                "date_mise_service": "2026-06-15",
                "nb": 60,
            }
        ],
    )


def of(projection: Projection, ident: str, column: str) -> list[Any]:
    table = projection.table
    values: list[Any] = table.loc[table["id_reservataire"] == ident, column].tolist()
    return values


@pytest.mark.parametrize(
    ("regle", "droits", "parts"),
    [
        ("vivant_au_1er_janvier", [150, 160, 130], [0.15, 0.1524, 0.1238]),
        ("prorata", [150, 144.88, 130], [0.15, 0.1380, 0.1238]),
        ("annee_entiere", [150, 130, 130], [0.15, 0.1238, 0.1238]),
    ],
)
def test_example_3_year_by_year(regle: str, droits: list[float], parts: list[float]) -> None:
    """R. 441-5, I, al. 12: deliveries of the year before, and rights that end."""
    projection = project(exemple_3(regle), annees=range(2026, 2029))
    assert [round(d, 2) for d in of(projection, COMMUNE, "nb_droits")] == droits
    assert [round(p, 4) for p in of(projection, COMMUNE, "part_droits")] == parts
    assert of(projection, COMMUNE, "assiette") == [1000, 1050, 1050]
    assert of(projection, COMMUNE, "nb_premieres_locations") == [12, 0, 0]
    check(projection)


def test_the_first_year_is_the_conversion() -> None:
    d = exemple_3("vivant_au_1er_janvier")
    alone, first = flux.convert(d), project(d, annees=[2026]).annee(2026)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(alone, name), getattr(first, name))
    assert alone.hypotheses == first.hypotheses and alone.avertissements == first.avertissements


def test_the_order_of_the_rows_does_not_matter() -> None:
    d = exemple_3("vivant_au_1er_janvier")
    turned = {nom: frame.iloc[::-1].reset_index(drop=True) for nom, frame in d.tables.items()}
    again = project(replace(d, tables=turned), annees=range(2026, 2029))
    straight = project(d, annees=range(2026, 2029))
    for name in ("table", "evenements", "causes"):
        pd.testing.assert_frame_equal(getattr(straight, name), getattr(again, name))


def test_each_event_says_what_it_does_and_where_it_is_written() -> None:
    events = project(exemple_3("vivant_au_1er_janvier"), annees=range(2026, 2029)).evenements
    columns = ["annee", "nature", "programme", "nb", "effet_droits", "effet_assiette", "fichier", "lignes"]
    own = events.loc[events["id_reservataire"] == COMMUNE, columns].to_numpy().tolist()
    assert own == [
        [2027, "vente", "vendu", 2, -2, 0, "reservations.csv", "4"],
        [2027, "livraison", "livre", 12, 12, 0, "reservations.csv", "5"],
        [2028, "echeance", "ancien", 30, -30, 0, "reservations.csv", "3"],
    ]
    base = events.loc[events["id_reservataire"].isna(), columns].to_numpy().tolist()
    assert base == [
        [2027, "vente", "vendu", 10, 0, -10, "logements.csv", "992-1001"],
        [2027, "livraison", "livre", 60, 0, 60, "livraisons.csv", "2"],
    ]


def test_a_guarantee_repaid_in_2023_ends_in_2028() -> None:
    """R. 441-6: five years from the last payment; alive on 1 January 2028, no more in 2029."""
    d = essai(
        logements(200, "00001", "P"),
        [
            {
                "programme": "P",
                "nb": 40,
                "contrepartie": "garantie",
                "date_fin": "2040-12-31",
                "date_remboursement": "2023-03-15",
            }
        ],
    )
    projection = project(d, annees=range(2026, 2031))
    assert of(projection, COMMUNE, "nb_droits") == [40, 40, 40, 0, 0]
    [event] = projection.evenements.to_dict("records")
    assert (event["annee"], event["nature"], event["date"]) == (
        2029,
        "remboursement",
        pd.Timestamp(2028, 3, 15),
    )
    assert event["effet_droits"] == -40
    check(projection)


@pytest.mark.parametrize(
    ("jour", "bases"), [("2026-12-31", [100, 120, 120]), ("2027-01-01", [100, 100, 120])]
)
def test_december_and_january(jour: str, bases: list[int]) -> None:
    """A programme let first in December enters the base a month later; in January, a year later."""
    d = essai(
        logements(100, "00001", "P"),
        [{"programme": "P", "nb": 10}, {"programme": "N", "nb": 5, "date_debut": jour}],
        livraisons=[{"programme": "N", "commune": "00001", "date_mise_service": jour, "nb": 20}],
    )
    projection = project(d, annees=range(2026, 2029))
    assert of(projection, COMMUNE, "assiette") == bases
    year = 2026 if jour.startswith("2026") else 2027
    assert of(projection, COMMUNE, "nb_premieres_locations") == [5 * (a == year) for a in projection.annees]
    check(projection)


def test_what_a_delivery_does_not_say_is_named_and_said() -> None:
    d = essai(
        logements(100, "00001", "P"),
        [{"programme": "P", "nb": 10}],
        livraisons=[{"programme": "N", "commune": "00001", "date_mise_service": "2026-05-01", "nb": 3}],
    )
    quotas = project(d, annees=[2026, 2027]).annee(2027)
    arrived = quotas.dossier.logements.iloc[-3:]
    assert arrived["id_logement"].tolist() == ["N·2026·1", "N·2026·2", "N·2026·3"]
    assert set(arrived["typologie"]) | set(arrived["financement"]) == {"non renseigné"}
    assert any("3 logement(s) livrés" in h and "dont 3 sans typologie" in h for h in quotas.hypotheses)
    figures = [
        f
        for _, f in quotas.explain(COMMUNE).figure.walk()
        if f.source and "dont supposés : 3" in str(f.source)
    ]
    assert figures and all(f.couleur is Couleur.HYPOTHESE for f in figures)
    assert all(f.source and f.source.nb_lignes == 100 for f in figures)


def test_dwellings_already_listed_are_not_made_twice() -> None:
    d = essai(
        [*logements(100, "00001", "P"), *logements(7, "00001", "N", annee_mise_location=2026)],
        [{"programme": "P", "nb": 10}],
        livraisons=[{"programme": "N", "commune": "00001", "date_mise_service": "2026-05-01", "nb": 7}],
    )
    assert of(project(d, annees=[2026, 2027]), COMMUNE, "assiette") == [100, 107]


def test_a_reserved_dwelling_sold_leaves_rights_and_base() -> None:
    """L. 443-9: no replacement for a right in flow."""
    parc = logements(100, "00001", "P")
    parc[0] = {**parc[0], "date_sortie": "2027-05-04", "motif_sortie": "vente_occupant"}
    d = essai(parc, [{"id_logement": f"P-{n:05d}", "commune": None} for n in (1, 2, 3)])
    projection = project(d, annees=range(2026, 2029))
    assert of(projection, COMMUNE, "nb_droits") == [3, 3, 2]
    assert of(projection, COMMUNE, "assiette") == [100, 100, 99]
    assert projection.evenements["nature"].tolist() == ["vente", "vente"]
    check(projection)


def test_a_demolition_and_another_exit() -> None:
    parc = [
        *logements(80, "00001", "P"),
        *logements(10, "00001", "D", date_sortie="2026-03-01", motif_sortie="demolition"),
        *logements(10, "00001", "A", date_sortie="2027-03-01", motif_sortie="autre"),
    ]
    projection = project(essai(parc, [{"programme": "D", "nb": 4}]), annees=range(2026, 2029))
    assert of(projection, COMMUNE, "nb_droits") == [4, 0, 0]
    assert set(projection.evenements["nature"]) == {"demolition", "sortie"}
    check(projection)


def test_a_year_without_any_flow() -> None:
    d = essai(
        logements(20, "00001", "P"),
        [{"programme": "P", "nb": 2}],
        soustractions=[
            {"annee": a, "categorie": "mutation", "etat": "previsionnel", "nb": n}
            for a, n in ((2026, 0), (2027, 9))
        ],
    )
    projection = project(d, annees=range(2026, 2029))
    flows = projection.table.groupby("annee")["flux"].first().tolist()
    assert flows == [1, 0, 0]  # 2028 follows the forecast of 2027
    assert projection.table.loc[projection.table["annee"] == 2027, "quota"].tolist() == [0, 0, 0]
    check(projection)


def test_balances_accumulate_to_a_first_dwelling() -> None:
    """A quarter of a dwelling a year: one dwelling every four years, never more than one off its dues."""
    parc = [*logements(100, "00001", "P"), *logements(900, "00002", "Q")]
    d = essai(parc, [{"programme": "P", "nb": 5, "contrepartie": "foncier"}], taux=0.05)
    projection = project(d, annees=range(2026, 2034))
    dues, given = of(projection, COMMUNE, "du_exact"), of(projection, COMMUNE, "quota")
    assert dues == pytest.approx([0.25] * 8)
    assert sum(given) == 2
    for n in range(1, 9):
        assert abs(sum(given[:n]) - sum(dues[:n])) < 1
    check(projection)


def test_the_balances_of_a_year_are_the_soldes_of_the_next() -> None:
    projection = project(exemple_3("vivant_au_1er_janvier"), annees=range(2026, 2029))
    for before, after in pairwise(projection.quotas):
        opened = after.dossier.soldes
        assert opened.dtypes.to_dict() == before.dossier.soldes.dtypes.to_dict()
        same = before.soldes.astype(opened.dtypes.drop("_ligne").to_dict())
        pd.testing.assert_frame_equal(opened.drop(columns="_ligne"), same)
        assert any("calculés par la projection" in s.fichier for s in after.dossier.sources)


def test_a_derogation_ends() -> None:
    """R. 441-5-2, I: at most a year; then the State comes back to its ceiling."""
    d = dossier(
        convention={
            "stipulations": {
                "part_etat": 0.35,
                "derogation_prefectorale": {"part": 0.35, "fin": "2026-12-31"},
            },
            "hypotheses": {"taux_rotation": 0.1},
        },
        logements=logements(1000, "00001", "P"),
        reservataires=[reservataire("etat_prioritaires"), reservataire(COMMUNE)],
        reservations=[{"id_reservataire": COMMUNE, "programme": "P", "commune": "00001", "nb": 100}],
    )
    projection = project(d, annees=[2026, 2027])
    assert of(projection, "etat_prioritaires", "quota") == [35, 30]
    [event] = projection.evenements.to_dict("records")
    assert event["nature"] == "derogation" and "35,0" in event["detail"]
    causes = projection.causes.set_index(["id_reservataire", "cause"])["effet_part"]
    assert causes["etat_prioritaires", "loi"] == pytest.approx(-0.05)
    assert "fin de la dérogation" in projection.explain("etat").phrases[1]
    check(projection)


def test_the_law_of_each_year() -> None:
    """A supposed law stays supposed; the day of the law moves with the year."""
    d = exemple_3("vivant_au_1er_janvier")
    law = flux.regles("2026-01-01").suppose(part_max_etat=0.2)
    projection = project(d, annees=[2026, 2027], regles=law)
    assert [q.regles.date.isoformat() for q in projection.quotas] == ["2026-01-01", "2027-01-01"]
    assert all(q.regles.part("part_max_etat") == Fraction(1, 5) for q in projection.quotas)
    assert any("hypothèse" in h for h in projection.hypotheses)


def test_single_use_rights_are_served_in_their_year() -> None:
    d = essai(
        logements(1000, "00001", "P"),
        [
            {"programme": "P", "nb": 100},
            {"programme": "P", "nb": 3, "type_droit": "unique", "annee_prevue": 2027},
            {"id_reservataire": "departement", "programme": "P", "nb": 20},
        ],
    )
    projection = project(d, annees=range(2026, 2030))
    assert of(projection, COMMUNE, "nb_uniques") == [0, 3, 0, 0]
    assert projection.evenements[["annee", "nature", "nb"]].to_numpy().tolist() == [[2027, "droit_unique", 3]]
    assert not any("prévus avant" in w for w in projection.avertissements)
    check(projection)


def test_a_right_passed_from_one_holder_to_another() -> None:
    d = essai(
        logements(100, "00001", "P"),
        [
            {"programme": "P", "nb": 60, "date_fin": "2026-12-31"},
            {"id_reservataire": "departement", "programme": "P", "nb": 60, "date_debut": "2027-01-01"},
        ],
    )
    projection = project(d, annees=[2026, 2027])
    assert projection.evenements["nature"].tolist() == ["echeance", "debut"]
    check(projection)


def test_subtractions_follow_the_vacancies() -> None:
    """100 more dwellings in a commune of 100: twice its forecast; the other commune's stays."""
    row = {"categorie": "mutation", "etat": "previsionnel", "annee": 2026}
    d = essai(
        [*logements(100, "00001", "P"), *logements(100, "00002", "Q")],
        [{"programme": "P", "nb": 10}],
        taux=0.1,
        livraisons=[{"programme": "N", "commune": "00001", "date_mise_service": "2026-05-01", "nb": 100}],
        soustractions=[{**row, "commune": "00001", "nb": 3}, {**row, "commune": "00002", "nb": 2}],
    )
    projection = project(d, annees=range(2026, 2029))
    made = projection.annee(2028).dossier.soustractions
    assert made.loc[made["annee"] == 2028, ["commune", "nb"]].to_numpy().tolist() == [
        ["00001", 6],
        ["00002", 2],
    ]
    assert any("logements soustraits : prévision de 2026" in h for h in projection.hypotheses)
    figures = [f for _, f in projection.annee(2028).explain(COMMUNE).figure.walk()]
    supposed = [f for f in figures if f.source and "prolongée" in f.source.fichier]
    assert supposed and all(f.couleur is Couleur.HYPOTHESE for f in supposed)
    given = {**row, "annee": 2027, "nb": 1}
    later = project(
        essai(
            logements(200, "00001", "P"),
            [{"programme": "P", "nb": 1}],
            soustractions=[row | {"nb": 4}, given],
        ),
        annees=[2026, 2027],
    )
    assert [q.soustractions["nb"].sum() for q in later.quotas] == [4, 1]
    check(projection)


def test_turnover_is_the_first_years() -> None:
    moves = [
        {"annee": a, "nature": "relocation", "commune": "00001", "typologie": "T3", "nb": n}
        for a, n in ((2023, 8), (2024, 10), (2025, 12))
    ]
    d = dossier(
        convention={"stipulations": {"part_etat": "legale"}},
        logements=logements(100, "00001", "P"),
        reservataires=[reservataire("etat_prioritaires"), reservataire(COMMUNE)],
        reservations=[{"id_reservataire": COMMUNE, "programme": "P", "commune": "00001", "nb": 10}],
        mouvements=moves,
    )
    projection = project(d, annees=range(2026, 2032))
    assert {round(t, 9) for q in projection.quotas for t in q.rotation["taux"]} == {0.1}
    assert not any("laissées hors de la fenêtre" in w for w in projection.avertissements)


def test_a_defect_of_a_later_year_names_it() -> None:
    """Two of ten dwellings sold under eight rights is fine; five is not."""
    parc = logements(10, "00001", "P")
    parc[:5] = [{**row, "date_sortie": "2026-06-30", "motif_sortie": "vente_autre"} for row in parc[:5]]
    d = essai([*parc, *logements(90, "00001", "Q")], [{"programme": "P", "nb": 8}])
    with pytest.raises(flux.DataError, match="En 2027"):
        project(d, annees=[2026, 2027])
    projection = project(d, annees=[2026, 2027], sur_reservation="reduction_proportionnelle")
    assert of(projection, COMMUNE, "nb_droits") == [8, 5]
    check(projection)


@pytest.mark.parametrize("annees", [[], [2027], [2026, 2028], range(2025, 2028)])
def test_years_follow_one_another(annees: Any) -> None:
    with pytest.raises(flux.FluxError) as caught:
        project(exemple_3("prorata"), annees=annees)
    assert caught.value.code == "projection.annees"


def test_faces() -> None:
    projection = project(exemple_3("vivant_au_1er_janvier"), annees=range(2026, 2029))
    assert "Projection 2026-2028" in repr(projection) and "<table" in projection._repr_html_()
    told = projection.explain(COMMUNE)
    assert told.phrases[1].startswith("2027 : de 15,00\u202f% à 15,24\u202f% du flux")
    assert "12 droits de livre le 15/06/2026" in told.phrases[1]
    assert "Droits échus −2,86 points" in told.phrases[2]
    assert told.to_dict()["causes"]
    data = projection.to_dict()
    assert data["schema"] == "flux/1" and data["projection"]["annees"] == [2026, 2027, 2028]
    assert projection.dossier is projection.quotas[0].dossier
    assert len(projection.plot().axes) == 3
    with pytest.raises(flux.FluxError) as caught:
        projection.explain("commune_0001")
    assert caught.value.code == "explication.inconnu"
    with pytest.raises(flux.FluxError) as caught:
        projection.annee(2031)
    assert caught.value.code == "projection.annee_absente"


def test_the_dossier_is_left_as_it_was() -> None:
    d = exemple_3("vivant_au_1er_janvier")
    before = {nom: frame.copy() for nom, frame in d.tables.items()}
    project(d, annees=range(2026, 2029))
    for nom, frame in before.items():
        pd.testing.assert_frame_equal(frame, d.tables[nom])


def test_every_column_is_in_the_glossary() -> None:
    projection = project(exemple_3("vivant_au_1er_janvier"), annees=range(2026, 2029))
    for context in ("projection", "evenements", "causes"):
        frame = projection.table if context == "projection" else getattr(projection, context)
        assert all(glossaire.terme(f"{context}.{column}").sens for column in frame.columns)
    assert set(NATURES) == set(glossaire.terme("evenements.nature").valeurs) == set(MARQUES)
    assert set(ORDRE) == set(glossaire.terme("causes.cause").valeurs)
