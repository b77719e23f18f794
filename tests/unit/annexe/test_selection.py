"""Whose annex: one convention's réservataires, communes, tables that still add up."""

from pathlib import Path

import pandas as pd
import pytest

import flux
from flux.annexe import draft_annexe, draft_annexes
from flux.annexe.masque import MASQUE
from flux.annexe.selection import OTHERS, Genre, conventions, select
from flux.dossier.appellations import Noms
from flux.noyau.errors import FluxError
from flux.noyau.fichiers import file_names

SAMPLES = Path(__file__).parents[3] / "data" / "samples"
EPCI = "000000100"


@pytest.fixture(scope="module")
def mire():
    return flux.allocate(flux.convert(flux.read_dossier(SAMPLES / "val-de-mire")))


@pytest.fixture(scope="module")
def annexes(mire):
    """The annex of all the parties, then one of each kind of convention."""
    pours = [None, "etat", "action_logement", "commune_00108", EPCI, "hopital"]
    return {a.pour: a for a in draft_annexes(mire, pours)}


def tables(annexe):
    return {t.cle: t for s in annexe.sections for t in s.tableaux}


def chosen(plan, pour):
    return select(plan.quotas, Noms.of(plan.quotas.dossier), pour)


@pytest.mark.parametrize(
    ("pour", "genre", "idents"),
    [
        ("etat", Genre.ETAT, {"etat_prioritaires", "etat_agents"}),
        ("etat_agents", Genre.ETAT, {"etat_prioritaires", "etat_agents"}),
        ("action_logement", Genre.ACTION_LOGEMENT, {"action_logement"}),
        ("commune_00108", Genre.COLLECTIVITE, {"commune_00108"}),
        ("epci", Genre.COLLECTIVITE, {"epci"}),
        ("hopital", Genre.AUTRE, {"hopital"}),
        (["commune_00101", "commune_00102"], Genre.MULTIPARTITE, {"commune_00101", "commune_00102"}),
    ],
)
def test_a_name_gives_its_reservataires_and_its_kind(mire, pour, genre, idents):
    found = chosen(mire, pour)
    assert found.genre == genre and set(found.idents) == idents


def test_an_epci_gathers_its_holder_and_its_communes(mire):
    found = chosen(mire, EPCI)
    holders = mire.quotas.dossier.reservataires
    local = holders.loc[holders["territoire_type"].isin(["commune", "epci"]), "id_reservataire"]
    assert set(found.idents) == set(local) and found.genre == Genre.MULTIPARTITE
    assert found.communes == set(mire.quotas.dossier.communes["commune"])


@pytest.mark.parametrize(
    ("word", "near"), [("comune_00108", "commune_00108"), ("Conseil departemental", "departement")]
)
def test_nobody_of_that_name_suggests_the_nearest(mire, word, near):
    with pytest.raises(FluxError, match=f"Vouliez-vous dire .*« {near} »") as caught:
        draft_annexe(mire, pour=word)
    assert caught.value.code == "annexe.reservataire_inconnu"


@pytest.mark.parametrize("word", ["bailleur", "", "*"])
def test_nobody_is_refused(mire, word):
    with pytest.raises(FluxError) as caught:
        draft_annexe(mire, pour=word)
    assert caught.value.code == "annexe.reservataire_inconnu"


def test_one_convention_a_reservataire(mire):
    keys = conventions(mire.quotas.dossier)
    assert keys[0] == "etat" and "etat_agents" not in keys
    assert len(keys) == len(mire.quotas.dossier.reservataires) - 1


def test_names_of_files_are_safe_and_distinct():
    names = file_names(["Préfet/État", "prefet-etat", "A B", "a b", "..", "é" * 300])
    assert list(names.values())[:5] == ["Prefet-Etat", "prefet-etat-2", "A-B", "a-b-2", "reservataire"]
    assert len(names["é" * 300]) <= 80 and len({n.casefold() for n in names.values()}) == 6


def test_every_annex_has_the_same_sections(annexes):
    titles = {tuple(s.titre for s in a.sections) for a in annexes.values()}
    assert len(titles) == 1


@pytest.mark.parametrize("cle", ["droits.suite", "taux.quotas", "communes.quotas", "orientations.publics"])
def test_folded_tables_keep_the_totals_of_the_whole(annexes, cle):
    whole = tables(annexes[None])[cle].totaux
    for pour, annexe in annexes.items():
        found = tables(annexe)[cle].totaux
        shared = [c for c in whole if c in found and c != "solde"]
        assert shared, (pour, cle)
        for column in shared:
            assert float(found[column]) == pytest.approx(float(whole[column]))


@pytest.mark.parametrize(
    "cle", ["taux.quotas", "communes.cellules", "droits.inventaire", "qualite.caracteres"]
)
def test_who_signs_reads_its_own_rows_only(annexes, cle):
    frame = tables(annexes["commune_00108"])[cle].frame
    mine = "Commune : Saint-Georges-du-Bois-de-la-Haute-Vallée-de-Mire"
    assert set(frame["id_reservataire"]) <= {mine, OTHERS, "Bailleur (part non réservée)"}
    assert len(frame) and (frame["id_reservataire"] == mine).any()


def test_the_annexes_together_hold_every_right_once(mire):
    rows = [len(tables(a)["droits.inventaire"].frame) for a in draft_annexes(mire)]
    assert sum(rows) == len(mire.quotas.etat_des_lieux)


def test_the_caps_are_those_that_bind(annexes):
    groups = {p: tables(a).get("plafonds.plafonds") for p, a in annexes.items()}
    assert set(groups["etat"].frame["groupe"]) == {"etat", "etat_agents"}
    assert groups["commune_00108"].frame["groupe"].tolist() == ["garantie"]
    assert groups["action_logement"] is None
    said = {s.cle: s.paragraphes for s in annexes["action_logement"].sections}["plafonds"]
    assert said[0] == "Aucun plafond de la loi ne s'applique à Action Logement Services."


def test_why_this_number_is_said_from_the_proof(annexes, mire):
    bullets = {s.cle: s.puces for s in annexes["commune_00108"].sections}["taux"]
    assert "34 sur les 113 logements de l'assiette" in bullets[0] and "30,09\u202f%" in bullets[0]
    assert bullets[1].endswith("quota de 2 logements en 2026.")
    notes = mire.quotas.explain("commune_00108").figure.notes
    assert len(bullets) == 2 + len(notes) and bullets[2].startswith("Pourquoi 2 et pas 3")
    assert not {s.cle: s.puces for s in annexes[None].sections}["taux"]


@pytest.mark.parametrize(
    ("pour", "first", "missing"),
    [
        ("etat", "Arrêté du 10 mars 2011, 11°", "CCH, art. L. 313-26"),
        ("action_logement", "CCH, art. L. 313-26", "Arrêté du 10 mars 2011, 1°"),
        ("commune_00108", "CCH, art. R. 441-6", "Arrêté du 10 mars 2011, 1°"),
        (EPCI, "CCH, art. R. 441-6", "CCH, art. L. 313-26"),
    ],
)
def test_each_kind_of_convention_has_its_matters(annexes, pour, first, missing):
    articles = set(tables(annexes[pour])["clauses.matieres"].frame["article"])
    assert first in articles and missing not in articles
    assert any(a.startswith("CCH, art. R. 441-5, I") for a in articles)


def test_masked_rows_are_the_same_in_every_annex(annexes, mire):
    frame = tables(annexes[None])["orientations.publics"].frame
    masked = set(frame.loc[frame["dalo"] == MASQUE, "id_reservataire"])
    assert "Commune : Mire-la-Ville" in masked and "Action Logement Services" not in masked
    for pour, annexe in annexes.items():
        rows = tables(annexe)["orientations.publics"].frame.set_index("id_reservataire")["dalo"]
        for nom in rows.index.intersection(list(masked)):
            assert rows[nom] == MASQUE, (pour, nom)
        if pour == "commune_00108":
            assert rows[OTHERS] == MASQUE
    assert pd.to_numeric(frame["ensemble"]).sum() == mire.quotas.table["quota"].sum()


def test_a_threshold_is_an_option_and_is_said(mire):
    bare = draft_annexe(mire, seuil_masque=1)
    assert MASQUE not in tables(bare)["orientations.publics"].frame["dalo"].tolist()
    said = {s.cle: s.puces for s in draft_annexe(mire, seuil_masque=3).sections}["hypotheses"][-1]
    assert "Seuil : 3" in said and "jamais masqués" in said
