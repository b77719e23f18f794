"""Methods of conversion: parc, rotation, observe, and a method of the parties' own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fabrique import dossier, logements, reservataire

import flux
from flux.dossier import Dossier
from flux.dossier.convention import MethodeDeclaree
from flux.noyau.provenance import Couleur

HOLDERS = ("etat_prioritaires", "action_logement", "commune_00001")
DEUX_PROGRAMMES = [*logements(600, "00001", "A", surface=50), *logements(400, "00001", "B", surface=100)]
RELETS = [
    {"annee": 2025, "nature": "relocation", "commune": "00001", "programme": "A", "nb": 30},
    {"annee": 2025, "nature": "relocation", "commune": "00001", "programme": "B", "nb": 40},
]


def small(**more: Any) -> Dossier:
    """Example 2 of the domain: P1 600 dwellings at 5 %, State 240; P2 400 at 10 %, State 60."""
    return dossier(
        logements=DEUX_PROGRAMMES,
        reservataires=[reservataire(i) for i in HOLDERS],
        reservations=[
            {"id_reservataire": "etat_prioritaires", "programme": "A", "commune": "00001", "nb": 240},
            {"id_reservataire": "etat_prioritaires", "programme": "B", "commune": "00001", "nb": 60},
            {"id_reservataire": "commune_00001", "programme": "A", "commune": "00001", "nb": 60,
             "contrepartie": "garantie"},
            {"id_reservataire": "commune_00001", "programme": "B", "commune": "00001", "nb": 20},
        ],
        mouvements=more.pop("mouvements", RELETS),
        convention={"choix": {"segment_rotation": "programme"}},
        **more,
    )  # fmt: skip


def du(quotas: flux.Quotas) -> dict[str, float]:
    return dict(zip(quotas.table["id_reservataire"], quotas.table["du_exact"].round(9), strict=True))


@flux.methode("prorata des surfaces")
def surfaces(droits: pd.DataFrame, logements: pd.DataFrame) -> tuple[Any, Any]:
    """Chaque droit et chaque logement pèsent leur surface.

    Un lot pèse la surface moyenne de son programme.
    """
    mean = logements.groupby("programme")["surface"].mean()
    return droits["programme"].map(mean), logements["surface"]


def declared(formule: Callable[[Any, Any], Any], nom: str = "essai") -> MethodeDeclaree:
    formule.__doc__ = "Pour essayer."
    return flux.methode(nom)(formule)


# ── the methods of the library ────────────────────────────────────────────────────────────────────


def test_parc_and_rotation_are_those_of_the_domain() -> None:
    assert du(flux.convert(small()))["etat_prioritaires"] == 21
    assert du(flux.convert(small(), methode="rotation"))["etat_prioritaires"] == 18


def test_observe_follows_what_was_let_on_each_account_and_says_that_it_is_a_control() -> None:
    one = {"annee": 2025, "nature": "relocation", "commune": "00001"}
    past = [
        one | {"programme": "A", "nb": 14, "id_reservataire": "etat_prioritaires"},
        one | {"programme": "B", "nb": 8, "id_reservataire": "commune_00001"},
        one | {"programme": "B", "nb": 48},
    ]
    quotas = flux.convert(small(mouvements=past), methode="observe")
    assert du(quotas)["etat_prioritaires"] == 14
    assert du(quotas)["commune_00001"] == 8
    assert any("un contrôle" in note for note in quotas.avertissements)
    cell = quotas.dus.set_index("id_reservataire").loc["commune_00001"]
    assert cell["droits_garantie"] / cell["droits_autre"] == 3  # as its live rights: 60 and 20


def test_observe_without_any_account_is_said() -> None:
    quotas = flux.convert(small(), methode="observe")
    assert quotas.table.set_index("id_reservataire").loc["bailleur", "quota"] == 70
    assert any("tout le flux reste au bailleur" in note for note in quotas.avertissements)


# ── a method of one's own ─────────────────────────────────────────────────────────────────────────


def test_a_declared_method_weighs_rights_and_dwellings() -> None:
    assert du(flux.convert(small(), methode=surfaces))["etat_prioritaires"] == pytest.approx(70 * 18 / 70)


@pytest.mark.parametrize("un", [1, 1.0, Fraction(1), Decimal(1)])
def test_one_for_all_is_parc(un: Any) -> None:
    mine = flux.convert(small(), methode=declared(lambda droits, parc: (un, un)))
    theirs = flux.convert(small())
    pd.testing.assert_frame_equal(mine.table, theirs.table)
    pd.testing.assert_frame_equal(mine.communes, theirs.communes)


def test_the_turnover_of_one_s_own_is_rotation_to_the_twelfth_digit() -> None:
    mine = flux.convert(
        small(), methode=declared(lambda droits, parc: (droits["taux_rotation"], parc["taux_rotation"]))
    )
    assert du(mine) == pytest.approx(du(flux.convert(small(), methode="rotation")), abs=1e-9)


def test_its_name_and_sentence_are_in_the_result_the_proof_and_the_annex() -> None:
    quotas = flux.convert(small(), methode=surfaces)
    assert str(quotas.dossier.convention.choix.methode) == "prorata des surfaces"
    assert quotas.to_dict()["choix"]["methode"] == {"valeur": "prorata des surfaces", "origine": "python"}
    assert any("Chaque droit et chaque logement pèsent leur surface." in h for h in quotas.hypotheses)
    figures = [f for _, f in quotas.explain("etat_prioritaires").figure.walk() if "prorata" in f.nom]
    assert figures and any(f.couleur is Couleur.CONVENTION for f in figures)
    annexe = flux.draft_annexe(flux.allocate(quotas))
    [choices] = [t for s in annexe.sections for t in s.tableaux if "Choix des parties" in t.titre]
    assert any("prorata des surfaces" in cell for row in choices.cellules().lignes for cell in row)
    said = [p for s in annexe.sections for p in (*s.paragraphes, *s.puces)]
    assert any("« prorata des surfaces »" in p for p in said)
    assert any("prorata des surfaces" in t.note for s in annexe.sections for t in s.tableaux)


def test_it_receives_frames_of_its_own() -> None:
    def spoil(droits: pd.DataFrame, parc: pd.DataFrame) -> tuple[int, int]:
        """Pour essayer."""
        droits["nb"], parc["commune"] = 0.0, "autre"
        del droits["commune"]
        return 1, 1

    assert du(flux.convert(small(), methode=flux.methode("gâcheur")(spoil))) == du(flux.convert(small()))


def test_what_it_receives() -> None:
    seen: list[pd.DataFrame] = []
    flux.convert(small(), methode=declared(lambda droits, parc: (seen.extend((droits, parc)), (1, 1))[1]))
    droits, parc = seen
    assert droits["nb"].sum() == 380 and len(parc) == 1000
    first = droits.sort_values("nb").iloc[-1]
    assert (first["categorie"], first["programme"], first["taux_rotation"]) == (
        "etat_prioritaires",
        "A",
        0.05,
    )
    assert not {"_ligne", "groupe"} & {*droits, *parc}


def test_a_series_is_aligned_on_its_index() -> None:
    shuffled = declared(
        lambda droits, parc: (droits["nb"].sort_values() * 0 + 1, parc["surface"].sort_values() * 0 + 1)
    )
    assert du(flux.convert(small(), methode=shuffled)) == du(flux.convert(small()))


@pytest.mark.parametrize(
    ("formule", "dit"),
    [
        (lambda d, p: (-1, 1), "poids négatif (−1,00) au droit de"),
        (lambda d, p: (1, -0.5), "poids négatif (−0,50) au logement A-00001 (00001)"),
        (lambda d, p: (float("nan"), 1), "ne donne aucun poids au droit de"),
        (
            lambda d, p: (d["nb"].where(d["nb"] > 100), 1),
            "ne donne aucun poids au droit de etat_prioritaires",
        ),
        (lambda d, p: (1, float("inf")), "n'est pas un nombre fini"),
        (lambda d, p: (["x"] * len(d), 1), "« x », qui n'est pas un nombre"),
        (lambda d, p: ([[1]] * len(d), 1), "qui n'est pas un nombre"),
        (lambda d, p: ([1, 2], 1), "rend 2 poids pour 4 lignes"),
        (lambda d, p: (d["nb"].set_axis(list("abcd")), 1), "index"),
        (lambda d, p: 1, "deux poids"),
        (lambda d, p: (1, 0), "aucun logement"),
        (lambda d, p: (3, 1), "dont 900,00 à etat_prioritaires) qu'à tous ses logements (1 000,00)"),
    ],
)
def test_weights_that_cannot_be_are_refused_and_named(formule: Any, dit: str) -> None:
    with pytest.raises(flux.ConventionError) as caught:
        flux.convert(small(), methode=declared(formule))
    said = str(caught.value).replace("\u202f", " ").replace("\xa0", " ")
    assert caught.value.code == "convention.methode.poids"
    assert dit in said and "« essai »" in said


def test_rights_that_weigh_nothing_leave_all_to_the_bailleur_and_it_is_said() -> None:
    quotas = flux.convert(small(), methode=declared(lambda d, p: (0, 1)))
    assert quotas.table.set_index("id_reservataire").loc["bailleur", "quota"] == 70
    assert any("ne donne de poids à aucun droit" in note for note in quotas.avertissements)


@pytest.mark.parametrize(
    "declare",
    [
        lambda: flux.convert(small(), methode=lambda d, p: (1, 1)),
        lambda: flux.methode("parc")(surfaces.formule),
        lambda: flux.methode("  ")(surfaces.formule),
        lambda: flux.methode("sans phrase")(lambda d, p: (1, 1)),
    ],
)
def test_a_method_has_a_name_and_a_sentence(declare: Callable[[], Any]) -> None:
    with pytest.raises(flux.ConventionError) as caught:
        declare()
    assert caught.value.code == "convention.methode"


def test_a_file_cannot_name_a_method_that_is_not_of_the_library() -> None:
    with pytest.raises(flux.ConventionError) as caught:
        flux.convert(small(), methode="prorata des surfaces")
    assert caught.value.code == "convention.valeur_inconnue"


def test_the_scenario_is_a_value_like_another() -> None:
    scenario = small().with_choix(methode=surfaces)
    assert du(flux.convert(scenario)) == du(flux.convert(small(), methode=surfaces))


def test_the_guide_s_example_runs(racine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(racine)
    text = (racine / "docs" / "methodes.md").read_text(encoding="utf-8")
    [code] = [block.split("```")[0] for block in text.split("```python\n")[1:]]
    names: dict[str, Any] = {}
    exec(compile(code, "docs/methodes.md", "exec"), names)
    assert names["quotas"].table["quota"].sum() == 386
    assert len(names["comparaison"].noms) == 3
