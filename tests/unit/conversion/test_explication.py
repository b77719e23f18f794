"""Every figure explained, made again from its leaves; why 8 and not 9."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fabrique import dossier, logements, reservataire

import flux
from flux import samples
from flux.conversion.explication.tables import ENSEMBLE, TABLES, Tables
from flux.noyau.provenance import Couleur, Figure

VARIANTS: list[dict[str, Any]] = [
    {},
    {"methode": "rotation", "lissage": "bayes", "repartition_epci": "droits"},
    {"methode": "observe", "plafond_apprecie": "cumule", "arrondi": "sainte_lague"},
    {"garantie_imbriquee": "separee", "premieres_locations": "dans_le_flux"},
    {"part_etat": "legale", "etat_uniforme_par_commune": False, "comptes_epci": "mutualises"},
    {"regle_echeance": "prorata", "droits_uniques": "sur_part_bailleur", "minimum_par_reservataire": 1},
]


@pytest.fixture(scope="module")
def val_de_mire(racine: Path) -> flux.Dossier:
    return flux.read_dossier(racine / "data" / "samples" / "val-de-mire")


@pytest.fixture(scope="module")
def quotas(val_de_mire: flux.Dossier) -> flux.Quotas:
    return flux.convert(val_de_mire)


@pytest.fixture(scope="module")
def parc(tmp_path_factory: pytest.TempPathFactory) -> flux.Dossier:
    tables = samples.generate("parc", nb_logements=900, nb_communes=30, seed=7)
    return flux.read_dossier(samples.write(tables, tmp_path_factory.mktemp("parc")))


def figures(quotas: flux.Quotas) -> Iterator[tuple[str, Figure, Any]]:
    """Every figure of every table that is explained, beside the value that the table shows."""
    tables = Tables(quotas)
    for table, (_, columns) in TABLES.items():
        frame = getattr(quotas, table)
        for column in columns:
            for rank in range(len(frame)):
                shown = frame[column].iloc[rank]
                if pd.notna(shown):
                    yield f"{table}.{column}[{rank}]", tables.figure(table, column, rank), shown
    for key in ENSEMBLE:
        yield key, tables.whole(key), quotas.exact[key]


def check(quotas: flux.Quotas) -> None:
    """The figure is the cell's, and follows from leaves that are law, convention, hypothesis or data."""
    roots = []
    for place, figure, shown in figures(quotas):
        assert float(figure.valeur) == pytest.approx(float(shown), rel=1e-9, abs=1e-9), place
        roots.append(figure)
    everything = Figure(valeur=F(0), nom="tout", entrees=tuple(roots))
    *nodes, _ = everything.nodes()
    computed = [f.nom for f in nodes if not f.entrees and f.couleur is Couleur.CALCUL]
    assert computed == [], "a computed leaf proves nothing"
    assert [f.nom for f in nodes if f.entrees and not f.operation] == []
    assert [f.nom for f in nodes if f.entrees and f._made([e.valeur for e in f.entrees]) != f.valeur] == []
    assert Figure.from_dict(json.loads(json.dumps(roots[0].to_dict()))).recompute() == roots[0].valeur


@pytest.mark.parametrize("choix", VARIANTS[:2], ids=str)
def test_every_figure_of_val_de_mire_is_made_again(val_de_mire: flux.Dossier, choix: dict[str, Any]) -> None:
    check(flux.convert(val_de_mire, **choix))


@pytest.mark.parametrize("choix", VARIANTS, ids=str)
def test_every_figure_of_cas_ecole_is_made_again(racine: Path, choix: dict[str, Any]) -> None:
    check(flux.convert(flux.read_dossier(racine / "data" / "samples" / "cas-ecole"), **choix))


def test_every_figure_of_a_drawn_parc_is_made_again(parc: flux.Dossier) -> None:
    check(flux.convert(parc))


def test_what_the_matrix_was_rounded_from_is_made_again(quotas: flux.Quotas) -> None:
    tables, preuve = Tables(quotas), quotas.preuve
    for ident, commune in {(r, c) for (r, _), c in preuve.cibles}:
        exact = sum(preuve.cibles.get(((ident, g), commune), F(0)) for g in (False, True))
        assert tables.cellules.target(ident, commune).valeur == exact, (ident, commune)


def history(quotas: flux.Quotas) -> list[dict[str, Any]]:
    """Next year's `soldes`."""
    return quotas.soldes.astype(object).where(quotas.soldes.notna(), None).to_dict("records")


def small(annee: int = 2026, hypotheses: dict[str, Any] | None = None, **tables: Any) -> flux.Dossier:
    """Two communes of 60 and 40 dwellings, flow 10 a year; an EPCI, a commune, the State, Action Logement."""
    rights = [("etat_prioritaires", "A", 15), ("etat_prioritaires", "B", 10), ("action_logement", "A", 20)]
    loans = [("commune_00001", "A", 9), ("epci_000000001", "A", 2), ("epci_000000001", "B", 5)]
    where = {"A": "00001", "B": "00002"}
    return dossier(
        annee=annee,
        convention={"hypotheses": {"taux_rotation": 0.1, **(hypotheses or {})}},
        logements=[*logements(60, "00001", "A"), *logements(40, "00002", "B", qpv=True)],
        reservataires=[
            reservataire(i)
            for i in ("etat_prioritaires", "action_logement", "commune_00001", "epci_000000001")
        ],
        reservations=[
            {"id_reservataire": r, "programme": p, "commune": where[p], "nb": nb, "contrepartie": kind}
            for rows, kind in ((rights, "financement"), (loans, "garantie"))
            for r, p, nb in rows
        ],
        **tables,
    )


@pytest.mark.parametrize(
    "choix",
    [
        {},
        {"plafond_apprecie": "cumule"},
        {"comptes_epci": "mutualises"},
        {"report_solde": "plafonne"},
        {"report_solde": "aucun"},
    ],
    ids=str,
)
def test_accounts_are_made_again_year_after_year(choix: dict[str, Any]) -> None:
    soldes: list[dict[str, Any]] = []
    for annee in (2026, 2027, 2028):
        quotas = flux.convert(small(annee, soldes=soldes), **choix)
        soldes = history(quotas)
    check(quotas)
    test_what_the_matrix_was_rounded_from_is_made_again(quotas)


def test_without_flow_rights_are_still_shown() -> None:
    quotas = flux.convert(small(hypotheses={"taux_rotation": 0}))
    words = str(quotas.explain("commune_00001", "du_exact"))
    assert "contre garantie : 9 droits" in words
    assert "aucun droit qui compte" not in words
    check(quotas)


def test_forecasts_of_every_scope_are_charged_again() -> None:
    rows = [
        {"categorie": "mutation", "nb": 1},
        {"categorie": "relogement_ru", "commune": "00002", "nb": 1},
        {"categorie": "relogement_lhi", "qpv": True, "nb": 1},
        {"categorie": "relogement_vente", "commune": "00001", "qpv": False, "nb": 1},
        {"categorie": "relogement_orcod", "qpv": True, "nb": 9},
    ]
    dated = [{**row, "annee": 2026, "etat": "previsionnel"} for row in rows]
    quotas = flux.convert(small(soustractions=dated))
    assert quotas.soustractions["non_imputable"].sum() > 0
    check(quotas)


def test_a_forecast_of_vacancies_is_shared_again() -> None:
    quotas = flux.convert(small(hypotheses={"liberations_prevues": 17}))
    check(quotas)
    assert quotas.exact["flux_a_partager"] == 17
    assert quotas.explain("flux").figure.hypothetique


def test_a_planted_wrong_value_is_found(quotas: flux.Quotas) -> None:
    """A millionth more in one node: it does not follow from its inputs, or what was made from it does not."""
    proof = quotas.explain("commune_00108").to_dict()
    assert Figure.from_dict(proof).defects() == []
    lines = proof["figures"]
    for rank in range(0, len(lines) - 1, len(lines) // 25):
        wrong = F(lines[rank]["valeur"]) + F(1, 10**6)
        planted = {**lines[rank], "exact": f"{wrong.numerator:#x}/{wrong.denominator:#x}"}
        spoilt = Figure.from_dict({**proof, "figures": [*lines[:rank], planted, *lines[rank + 1 :]]})
        users = {line["nom"] for line in lines if rank in line.get("entrees", ())}
        found = {f.nom for f in spoilt.defects()}
        assert found and found <= {lines[rank]["nom"], *users}
        assert not lines[rank].get("entrees") or lines[rank]["nom"] in found


# ── why 8 and not 9 ───────────────────────────────────────────────────────────────────────────────


def said(quotas: flux.Quotas, *question: str, **cle: Any) -> str:
    """The notes of an explanation, with plain spaces."""
    return re.sub(r"\s", " ", " ".join(quotas.explain(*question, **cle).figure.notes))


def shares(rights: dict[str, int], nb: int = 100, flow: int = 10, **choix: Any) -> flux.Quotas:
    """A flow of `flow` for `nb` dwellings of one commune, shared as these rights."""
    return flux.convert(
        dossier(
            convention={"hypotheses": {"liberations_prevues": flow}},
            logements=logements(nb, "00001", "A"),
            reservataires=[
                reservataire("etat_prioritaires"),
                *(reservataire(i, "autre") for i in rights if i != "etat_prioritaires"),
            ],
            reservations=[
                {"id_reservataire": i, "programme": "A", "commune": "00001", "nb": n}
                for i, n in rights.items()
            ],
        ),
        **choix,
    )


def test_the_next_dwelling_went_to_a_larger_remainder() -> None:
    # 2.4, 3.3, 2.6, bailleur 1.7: whole parts 8, two to give, to 0.7 and 0.6
    quotas = shares({"etat_prioritaires": 24, "a": 33, "b": 26})
    assert quotas.table["quota"].tolist() == [3, 3, 2, 2]
    assert said(quotas, "a") == (
        "Pourquoi 3 et pas 4 : les parties entières laissaient 2 logements à donner, aux plus forts "
        "restes ; son reste, 0,3000, est le 4e sur 4. Le dernier logement est allé à « B », dont le reste "
        "est 0,6000 : il lui manquait 0,3000."
    )
    assert "est le 2e sur 4 : il en reçoit un." in said(quotas, "b")
    assert "Pourquoi pas 4 : nul ne reçoit plus" in said(quotas, "b")
    assert said(quotas, "bailleur") == "10 logements à partager, moins 8 aux réservataires : 2."


def test_a_tie_says_its_rule() -> None:
    # 2.5 and 2.5, State 2.0, bailleur 3.0: one to give
    quotas = shares({"etat_prioritaires": 20, "a": 25, "b": 25})
    assert quotas.table["quota"].tolist() == [3, 2, 2, 3]
    assert "Égalité départagée : a avant b" in said(quotas, "a")
    assert "à égalité, le plus grand dû passe d'abord" in said(quotas, "b")
    assert "déjà un nombre entier" in said(quotas, "etat_prioritaires")


def test_a_ceiling_that_refuses_says_what_it_would_take() -> None:
    # the State's 35.3 % brought to 30 % of a flow of 15: 4.5, in whole dwellings 4
    quotas = shares({"etat_prioritaires": 53, "a": 10}, nb=150, flow=15)
    assert said(quotas, "etat_prioritaires") == (
        "Pourquoi 4 et pas 5 : le plafond de l'État, en entiers, est de 4 logements (30,0 % d'un flux "
        "de 15,00, soit 4,50, à l'entier inférieur ; CCH, art. R. 441-5-2, I) ; il est atteint par « Etat "
        "prioritaires » (4). Un de plus demanderait un flux de 16,67. Le dû que le plafond refuse est perdu "
        "pour l'année."
    )
    _, ceiling, *_ = quotas.explain("etat_prioritaires").figure.entrees
    assert ceiling.valeur == 4 and ceiling.entrees[0].article == "CCH, art. R. 441-5-2, I"


def test_a_ceiling_below_one_dwelling_keeps_the_account() -> None:
    words = said(flux.convert(small()), "epci_000000001")
    assert (
        "somme de ceux de 2 communes, est de 1 logement ; il est atteint par « Commune 00001 » (1)" in words
    )
    assert words.endswith("Le dû qui n'est pas servi reste dans le compte.")


def test_sainte_lague_speaks_of_quotients() -> None:
    quotas = shares({"etat_prioritaires": 24, "a": 33, "b": 26}, arrondi="sainte_lague")
    assert "aux plus forts quotients" in " ".join(said(quotas, i) for i in ("a", "b", "etat_prioritaires"))


def test_a_cell_says_what_holds_it(quotas: flux.Quotas) -> None:
    words = said(quotas, "etat_agents", commune="Mire-la-Ville")
    assert words.startswith("Pourquoi 6 et pas 7 : la valeur exacte est 6,0834, et toutes les cases")
    assert "fassent son quota, 17" in words and "Ailleurs, ce réservataire a reçu l'entier supérieur" in words


# ── what one may ask ──────────────────────────────────────────────────────────────────────────────


def test_a_cell_of_the_matrix_by_code_or_by_name(quotas: flux.Quotas) -> None:
    cell = quotas.communes.set_index(["id_reservataire", "commune"]).loc[("action_logement", "00104")]
    for commune in ("00104", "Bréval-lès-Mire", "breval les mire"):
        assert quotas.explain("action_logement", commune=commune).figure.valeur == cell["nb"]
    inside = quotas.explain("action_logement", "nb_qpv", commune="00101").figure.valeur
    outside = quotas.explain("action_logement", "nb_hors_qpv", commune="00101").figure.valeur
    assert inside + outside == quotas.explain("action_logement", commune="00101").figure.valeur


def test_the_state_is_both_its_contingents(quotas: flux.Quotas) -> None:
    table = quotas.table.set_index("id_reservataire")["quota"]
    state = quotas.explain("etat").figure
    assert state.valeur == table["etat_agents"] + table["etat_prioritaires"]
    cells = quotas.communes.loc[quotas.communes["commune"] == "00101"].set_index("id_reservataire")["nb"]
    both = cells["etat_agents"] + cells["etat_prioritaires"]
    assert quotas.explain("etat", commune="00101").figure.valeur == both
    assert state.nom == "quota de l'État, priorité et agents"


def test_a_table_by_its_key(quotas: flux.Quotas) -> None:
    frame = quotas.flux
    here = frame.loc[frame["commune"] == "00102"]
    assert float(quotas.explain("flux", commune="00102").figure.valeur) == pytest.approx(
        here["flux_a_partager"].sum()
    )
    row = here.iloc[0]
    one = quotas.explain(
        "flux",
        "liberations",
        commune="00102",
        qpv=bool(row["qpv"]),
        typologie=row["typologie"],
        financement=row["financement"],
    )
    assert float(one.figure.valeur) == pytest.approx(row["liberations"])
    assert quotas.explain("assiette", etape="assiette").figure.valeur == quotas.exact["base"]
    assert quotas.explain("echelle").figure.valeur == quotas.exact["echelle"]
    assert quotas.explain("plafonds", "part_max", groupe="etat").figure.couleur is Couleur.LOI


@pytest.mark.parametrize(
    ("question", "cle", "code", "hint"),
    [
        (["action_logemen"], {}, "explication.inconnu", "action_logement"),
        (["Action Logement"], {}, "explication.inconnu", "action_logement"),
        (["zzz"], {}, "explication.inconnu", "Réservataires : "),
        (
            ["action_logement"],
            {"commune": "Brévale"},
            "explication.commune_inconnue",
            "Bréval-lès-Mire (00104)",
        ),
        (["action_logement"], {"commune": "Mire"}, "explication.commune_inconnue", "Mire-la-Ville"),
        (["commune_00104"], {"commune": "00101"}, "explication.cellule_absente", "Bréval-lès-Mire"),
        (["flux", "flux_nett"], {}, "explication.colonne", "flux_net"),
        (["flux"], {"comune": "00101"}, "explication.cle", "commune"),
        (["flux"], {"typologie": "T9"}, "explication.valeur", "T5+"),
        (
            ["flux", "taux_rotation"],
            {"commune": "00101"},
            "explication.plusieurs_lignes",
            "n'en garder qu'une",
        ),
        (["action_logement", "plafond"], {}, "explication.vide", "rien à expliquer"),
        (["livraisons"], {"id_reservataire": "defense"}, "explication.valeur", "action_logement"),
    ],
)
def test_what_is_not_there_is_said_with_its_neighbours(
    quotas: flux.Quotas, question: list[str], cle: dict[str, Any], code: str, hint: str
) -> None:
    with pytest.raises(flux.FluxError) as caught:
        quotas.explain(*question, **cle)
    assert caught.value.code == code
    assert hint in str(caught.value)


def test_a_holder_of_many_communes_stays_readable_and_its_json_whole(parc: flux.Dossier) -> None:
    explained = flux.convert(parc).explain("action_logement")
    assert len(repr(explained).splitlines()) < 150
    assert "autres termes, ensemble" in repr(explained)
    lines = json.loads(json.dumps(explained.to_dict()))["figures"]
    assert sum(line["nom"].startswith("dû exact de « Action Logement") for line in lines) >= 28
    assert Figure.from_dict(explained.to_dict()) == explained.figure


def test_law_convention_and_data_are_told_apart(quotas: flux.Quotas) -> None:
    said = repr(quotas.explain("commune_00108"))
    assert "20,00\u202f% [loi]" in said and "[donnée]" in said and "[calcul]" in said
    assert "[convention] Méthode de conversion du stock en flux" in said
    assert "[convention] Garanties d'une commune et de son EPCI" in said and "(par défaut)" in said
    assert "CCH, art. R. 441-5-3" in said and "reservations.csv" in said and "sha256" in said


def test_rights_are_shown_with_their_own_lines(quotas: flux.Quotas) -> None:
    nodes = quotas.explain("commune_00104").figure.nodes()
    lines = [f.source.nb_lignes for f in nodes if f.unite == "droits" and f.source]
    table = quotas.dossier.reservations
    own = table.loc[table["id_reservataire"] == "commune_00104"]
    assert sum(nb or 0 for nb in lines if nb) >= len(own)


def test_the_page_of_the_docs_runs(racine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(racine)
    names: dict[str, Any] = {}
    for block in re.findall(
        r"```python\n(.*?)```", (racine / "docs" / "explication.md").read_text("utf-8"), re.S
    ):
        exec(compile(block, "docs/explication.md", "exec"), names)
    assert "Pourquoi 3 et pas 2" in repr(names["quotas"].explain("commune_00104"))
