"""Where each holder's rights bear, in real places; derogations; both readings of the 20 %."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fabrique import logements, reservataire

import flux
from flux.dossier.communes import cog

PLAINE_COMMUNE, LYON = str(cog().at["93066", "ept"]), str(cog().at["69123", "epci"])
BEAUNE = str(cog().at["21010", "epci"])  # in Côte-d'Or and Saône-et-Loire


def holder(ident: str, categorie: str, kind: str, code: str) -> dict[str, Any]:
    return {"id_reservataire": ident, "nom": ident, "categorie": categorie, "territoire_type": kind,
            "territoire_code": code}  # fmt: skip


def lot(ident: str, programme: str, commune: str, nb: int, **more: Any) -> dict[str, Any]:
    return {"id_reservataire": ident, "programme": programme, "commune": commune, "nb": nb, **more}


@pytest.fixture
def converted(tmp_path: Path) -> Any:
    """Read from files, as a bailleur would give them: 10 % turnover, the State at its legal share."""

    def convert(
        departement: str,
        parc: list[dict[str, Any]],
        holders: list[dict[str, Any]],
        rights: list[dict[str, Any]],
        stipulations: str = 'part_etat = "legale"',
        **choix: Any,
    ) -> flux.Quotas:
        state = reservataire("etat_prioritaires", territoire=departement)
        for name, rows in (
            ("logements", parc),
            ("reservataires", [state, *holders]),
            ("reservations", rights),
        ):
            pd.DataFrame(rows).to_csv(tmp_path / f"{name}.csv", sep=";", index=False)
        (tmp_path / "convention.toml").write_text(
            f'[bailleur]\nnom = "B"\ndepartement = "{departement}"\n[convention]\nannee = 2026\n'
            f"[hypotheses]\ntaux_rotation = 0.1\n[stipulations]\n{stipulations}\n",
            encoding="utf-8",
        )
        return flux.convert(flux.read_dossier(tmp_path), **choix)

    return convert


def dues(quotas: flux.Quotas) -> dict[str, float]:
    return dict(zip(quotas.table["id_reservataire"], quotas.table["du_exact"].round(6), strict=True))


def by_commune(quotas: flux.Quotas, ident: str) -> dict[str, float]:
    rows = quotas.communes.loc[quotas.communes["id_reservataire"] == ident]
    return dict(zip(rows["commune"], rows["exact"].round(6), strict=True))


def test_an_ept_and_a_commune_on_their_territory_action_logement_on_the_departement(converted: Any) -> None:
    quotas = converted(
        "93",
        [*logements(200, "93066", "A"), *logements(100, "93001", "B"), *logements(100, "93008", "C")],
        [
            holder("ept", "ept", "ept", PLAINE_COMMUNE),
            holder("mairie", "commune", "commune", "93066"),
            holder("als", "action_logement", "departement", "93"),
        ],
        [
            lot("ept", "A", "93066", 30, contrepartie="foncier"),
            lot("mairie", "A", "93066", 40, contrepartie="foncier"),
            lot("als", "B", "93001", 60),
        ],
    )
    assert dues(quotas) == {"als": 6, "ept": 3, "etat_prioritaires": 12, "mairie": 4, "bailleur": 15}
    assert by_commune(quotas, "ept") == {"93001": 1, "93066": 2}  # not in 93008, of another EPT
    assert by_commune(quotas, "mairie") == {"93066": 4}
    assert set(by_commune(quotas, "als")) == {"93001", "93008", "93066"}


def test_paris_holds_its_arrondissements(converted: Any) -> None:
    quotas = converted(
        "75",
        [*logements(50, "75101", "A"), *logements(150, "75120", "B")],
        [holder("ville", "ville_paris", "commune", "75056")],
        [lot("ville", "B", "75120", 60, contrepartie="garantie")],
    )
    assert set(quotas.communes["commune"]) == {"75056"}
    assert dues(quotas)["ville"] == 4  # 30 % of 20, brought to the 20 % of the guarantees
    assert quotas.table.set_index("id_reservataire").loc["ville", "plafond_atteint"] == "du"


def test_the_metropole_de_lyon_is_an_epci_and_the_two_readings_of_its_guarantees(converted: Any) -> None:
    parc = [*logements(100, "69383", "A"), *logements(100, "69266", "B")]
    holders = [holder("metropole", "epci", "epci", LYON), holder("lyon", "commune", "commune", "69123")]
    rights = [
        lot("metropole", "B", "69266", 40, contrepartie="garantie"),
        lot("lyon", "A", "69383", 20, contrepartie="garantie"),
    ]
    somme = converted("69", parc, holders, rights)
    assert (dues(somme)["metropole"], dues(somme)["lyon"]) == (3, 1)
    separee = converted("69", parc, holders, rights, garantie_imbriquee="separee")
    assert (dues(separee)["metropole"], dues(separee)["lyon"]) == (4, 2)
    for quotas, kept in ((somme, "somme"), (separee, "separee")):
        table = quotas.lectures_garantie
        left = table.groupby(["lecture", "id_reservataire"])["apres"].sum().to_dict()
        assert left == {
            ("somme", "lyon"): 1,
            ("somme", "metropole"): 3,
            ("separee", "lyon"): 2,
            ("separee", "metropole"): 4,
        }
        assert set(table.loc[table["retenue"], "lecture"]) == {kept}
        assert any("tableau des deux lectures" in note for note in quotas.avertissements)


def test_an_epci_over_two_departements_has_a_convention_in_each(converted: Any) -> None:
    parc = [*logements(100, "21010", "A"), *logements(80, "71073", "B")]
    holders = [holder("beaune", "epci", "epci", BEAUNE)]
    rights = [
        lot("beaune", "A", "21010", 30, contrepartie="foncier"),
        lot("beaune", "B", "71073", 20, contrepartie="foncier"),
    ]
    here, there = (converted(d, parc, holders, rights) for d in ("21", "71"))
    assert (here.exact["base"], there.exact["base"]) == (100, 80)
    assert (dues(here)["beaune"], dues(there)["beaune"]) == (3, 2)
    assert here.etat_des_lieux["situation"].tolist() == ["compte", "hors_assiette"]
    assert "autre convention" in here.etat_des_lieux["precision"].iloc[1]


def test_a_right_outside_its_territory_is_flagged_and_converted_where_it_stands(converted: Any) -> None:
    quotas = converted(
        "93",
        [*logements(100, "93066", "A"), *logements(100, "93008", "C")],
        [holder("ept", "ept", "ept", PLAINE_COMMUNE)],
        [
            lot("ept", "A", "93066", 10, contrepartie="foncier"),
            lot("ept", "C", "93008", 20, contrepartie="foncier"),
        ],
    )
    assert by_commune(quotas, "ept") == {"93008": 2, "93066": 1}
    assert quotas.etat_des_lieux["hors_territoire"].tolist() == [False, True]
    assert quotas.etat_des_lieux["nb_compte"].sum() == 30
    assert quotas.table.set_index("id_reservataire").loc["ept", "nb_droits"] == 10


# ── what the State may stipulate ──────────────────────────────────────────────────────────────────


def derogation(part: str, fin: str) -> str:
    return f"derogation_prefectorale = {{ part = {part}, fin = {fin} }}"


PARC = [*logements(100, "93066", "A"), *logements(100, "93008", "C")]
ETAT = [lot("etat_prioritaires", "A", "93066", 40)]


@pytest.mark.parametrize(
    ("stipulations", "du", "dit"),
    [
        ('part_etat = "registre"', 4, "sous le seuil de 30"),
        ('part_etat = "registre"\nplancher_etat_hors_qpv = 0.2', 4, ""),
        ('part_etat = "legale"', 6, ""),
        ("part_etat = 0.25", 5, "sous le seuil"),
        ("part_etat = 0.4", 6, "ont été réduits"),
        ("part_etat = 0.4\n" + derogation("0.35", "2026-12-31"), 7, ""),
        ("part_etat = 0.4\n" + derogation("0.35", "2026-06-30"), 7, "prend fin le 30/06"),
        ("part_etat = 0.4\n" + derogation("0.35", "2025-12-31"), 6, "elle ne joue plus"),
        ("part_etat = 0.4\n" + derogation("0.25", "2026-12-31"), 6, "elle ne change rien"),
        ('part_etat = "legale"\n' + derogation("0.35", "2026-12-31"), 6, "pour en user"),
    ],
)  # fmt: skip
def test_the_share_of_the_state_and_its_derogations(
    converted: Any, stipulations: str, du: float, dit: str
) -> None:
    quotas = converted("93", PARC, [], ETAT, stipulations)
    assert dues(quotas)["etat_prioritaires"] == du
    assert by_commune(quotas, "etat_prioritaires") == {"93008": du / 2, "93066": du / 2}
    said = " ".join(quotas.avertissements)
    assert dit in said
    assert dit or "sous le seuil" not in said


def test_a_state_that_is_not_uniform_is_served_where_its_rights_are(converted: Any) -> None:
    quotas = converted("93", PARC, [], ETAT, "part_etat = 0.2\netat_uniforme_par_commune = false")
    assert by_commune(quotas, "etat_prioritaires") == {"93066": 4}


def test_a_ceiling_is_reached_by_its_own_reductions_only(converted: Any) -> None:
    quotas = converted(
        "72",
        [*logements(50, "72181", "A"), *logements(150, "72003", "B")],
        [holder("epci", "epci", "epci", "247200132"), holder("ville", "commune", "commune", "72003")],
        [
            lot("epci", "A", "72181", 20, contrepartie="garantie"),
            lot("ville", "B", "72003", 45, contrepartie="garantie"),
        ],
    )
    caps = quotas.plafonds[quotas.plafonds["groupe"] == "garantie"].set_index("territoire_code")
    assert caps.loc["72003", "atteint"] == "du"
    assert caps.loc["247200132", "exact"] < caps.loc["247200132", "plafond"]
    assert caps.loc["247200132", "atteint"] == "non"
