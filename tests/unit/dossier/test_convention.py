"""The convention: defaults, origins, values from TOML, a sheet or Python, and defects in French."""

from __future__ import annotations

import pickle
from datetime import date
from fractions import Fraction

import pytest

from flux.dossier import read_dossier
from flux.dossier import vocabulaire as v
from flux.dossier.convention import Choix, Convention, Stipulations
from flux.dossier.lecture_convention import build, parse_toml
from flux.noyau.errors import Anomalie, ConventionError
from flux.noyau.provenance import Source

SOURCE = Source(fichier="convention.toml")


def read(text: str) -> tuple[Convention | None, list[Anomalie]]:
    raw, anomalies = parse_toml(text, SOURCE)
    return (None, anomalies) if anomalies else build(raw, SOURCE)


def sound(text: str) -> Convention:
    convention, anomalies = read("[convention]\nannee = 2026\n" + text)
    assert not anomalies and convention is not None
    return convention


def test_defaults_are_those_of_the_contract():
    convention = sound("")
    assert convention.date == date(2026, 1, 1)
    assert convention.choix.methode is v.Methode.PARC
    assert convention.choix.occupations_exclues == (3, 4, 5)
    assert convention.choix.solde_max == 1
    assert convention.stipulations.plancher_etat_hors_qpv == Fraction(3, 10)
    assert set(convention.origines) == {*Choix.model_fields, *Stipulations.model_fields}
    assert set(convention.origines.values()) == {"défaut"}


def test_numbers_are_the_decimals_written():
    convention = sound(
        "[hypotheses]\ntaux_rotation = 0.073\n[stipulations]\npart_etat = 0.3\n"
        "derogation_prefectorale = { part = 0.35, fin = 2026-12-31 }\n"
    )
    assert convention.hypotheses.taux_rotation == Fraction(73, 1000)
    assert convention.stipulations.part_etat == Fraction(3, 10)
    derogation = convention.stipulations.derogation_prefectorale
    assert derogation is not None and (derogation.part, derogation.fin) == (
        Fraction(35, 100),
        date(2026, 12, 31),
    )


def test_what_the_file_sets_is_of_the_file():
    convention = sound('[choix]\nmethode = "parc"\n[stipulations]\npart_etat = "legale"\n')
    assert convention.origines["methode"] == convention.origines["part_etat"] == "fichier"
    assert convention.origines["arrondi"] == "défaut"


def test_the_first_member_of_each_list_is_the_default():
    for nom, info in Choix.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, v.StrEnum):
            assert info.default is next(iter(info.annotation)), nom


@pytest.mark.parametrize(
    ("text", "code", "key", "value", "hint"),
    [
        ('[choix]\nmethode = "rotatio"', "valeur_inconnue", "choix.methode", "rotatio", "« rotation »"),
        ('[choix]\nmetode = "parc"', "choix_inconnu", "choix.metode", "parc", "« methode »"),
        ('[choi]\nmethode = "parc"', "section_inconnue", "choi", None, "« choix »"),
        ("[stipulations]\npart_etat = 1.2", "valeur_inconnue", "stipulations.part_etat", "1.2", ""),
        (
            '[stipulations]\npart_etat = "legal"',
            "valeur_inconnue",
            "stipulations.part_etat",
            "legal",
            "« legale »",
        ),
        (
            "[stipulations]\nderogation_prefectorale = { part = 0.35 }",
            "cle_absente",
            "stipulations.derogation_prefectorale.fin",
            None,
            "",
        ),
        (
            '[choix]\noccupations_exclues = [3, "trois"]',
            "valeur_inconnue",
            "choix.occupations_exclues",
            None,
            "",
        ),
        (
            '[choix]\nporteurs_garantie = ["comune"]',
            "valeur_inconnue",
            "choix.porteurs_garantie",
            None,
            "« commune »",
        ),
        ("[choix]\nfenetre_rotation = 0", "valeur_inconnue", "choix.fenetre_rotation", "0", ""),
        ("[choix]\noccupations_exclues = [true]", "valeur_inconnue", "choix.occupations_exclues", None, ""),
        (
            "[choix]\nminimum_par_reservataire = true",
            "valeur_inconnue",
            "choix.minimum_par_reservataire",
            "true",
            "",
        ),
        ("[hypotheses]\ntaux_rotation = 7.3", "valeur_inconnue", "hypotheses.taux_rotation", "7.3", ""),
        ('[bailleur]\nfamille = "hlm"', "valeur_inconnue", "bailleur.famille", "hlm", ""),
        ("[bailleur]\ndepartement = 72", "valeur_inconnue", "bailleur.departement", "72", ""),
    ],
)
def test_each_defect(text, code, key, value, hint):
    convention, [anomaly] = read("[convention]\nannee = 2026\n" + text)
    assert convention is None
    assert (anomaly.code, anomaly.colonne, anomaly.fichier) == (f"convention.{code}", key, "convention.toml")
    assert anomaly.correction and hint in anomaly.correction
    assert value is None or anomaly.valeur == value


def test_every_defect_of_the_convention_at_once():
    _, anomalies = read('[choix]\nmethode = "x"\narrondi = "y"\n[stipulation]\n')
    assert {a.code for a in anomalies} == {
        "convention.valeur_inconnue",
        "convention.section_inconnue",
        "convention.cle_absente",
    }
    assert len(anomalies) == 4


def test_what_is_not_toml():
    convention, [anomaly] = read("[choix\n")
    assert convention is None and anomaly.code == "convention.illisible"


def test_nothing_found():
    convention, [anomaly] = build(None, SOURCE)
    assert convention is None and anomaly.code == "convention.absente"


def test_python_prevails_and_the_first_dossier_is_unchanged(ecrire):
    dossier = read_dossier(ecrire())
    other = dossier.with_choix(methode="rotation", solde_max=0.5).with_stipulations(part_etat="legale")
    assert other.convention.choix.methode is v.Methode.ROTATION
    assert other.convention.choix.solde_max == Fraction(1, 2)
    assert other.convention.stipulations.part_etat is v.PartEtat.LEGALE
    assert other.convention.origines["methode"] == other.convention.origines["part_etat"] == "python"
    assert dossier.convention.choix.methode is v.Methode.PARC
    assert dossier.convention.origines["methode"] == "défaut"


def test_unknown_names_and_values_from_python(ecrire):
    dossier = read_dossier(ecrire())
    with pytest.raises(ConventionError, match="« methode »") as caught:
        dossier.with_choix(metode="parc")
    assert caught.value.code == "convention.choix_inconnu"
    with pytest.raises(ConventionError, match="« rotation »") as caught:
        dossier.with_choix(methode="rotatio")
    assert caught.value.code == "convention.valeur_inconnue"
    with pytest.raises(ConventionError) as caught:
        dossier.with_stipulations(part_etat=1.5)
    assert caught.value.code == "convention.valeur_inconnue"


def test_a_dossier_travels_between_processes(ecrire):
    dossier = read_dossier(ecrire())
    assert pickle.loads(pickle.dumps(dossier)).convention == dossier.convention


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ("[hypotheses]\ntaux_rotation = inf\n", "valeur_inconnue", "hypotheses.taux_rotation"),
        ("[choix]\nsolde_max = inf\n", "valeur_inconnue", "choix.solde_max"),
        ("[stipulations]\npart_etat = -inf\n", "valeur_inconnue", "stipulations.part_etat"),
        (
            "[stipulations]\nderogation_prefectorale = 0.35\n",
            "valeur_inconnue",
            "stipulations.derogation_prefectorale",
        ),
        ('[bailleur]\nnom = "a\\u0007b"\n', "valeur_inconnue", "bailleur.nom"),
        ('[signataires]\netat = "a\\u0007b"\n', "valeur_inconnue", "signataires.etat"),
        ("[signataires]\netat = 3\n", "valeur_inconnue", "signataires.etat"),
    ],
)
def test_values_that_no_convention_holds(text, code, key):
    convention, (defect,) = read("[convention]\nannee = 2026\n" + text)
    assert convention is None
    assert (defect.code, defect.colonne) == (f"convention.{code}", key)
    assert defect.attendu and defect.correction


@pytest.mark.parametrize("signataires", ['"x"', "[1, 2]"])
def test_signatories_are_a_section(signataires):
    _, (defect,) = read(f"signataires = {signataires}\n[convention]\nannee = 2026\n")
    assert (defect.code, defect.colonne) == ("convention.section", "signataires")


@pytest.mark.parametrize(
    ("text", "ligne", "message"),
    [
        ("[choix]\n[convention]\nannee = 2026\n[choix]\n", 4, "section est déjà écrite"),
        ("[convention]\nannee = 2026\nannee = 2027\n", 3, "clé est déjà écrite"),
        ("[convention]\nannee = deux\n", 2, "ni une section, ni une clé"),
        ("[convention\n", 1, "ni une section, ni une clé"),
    ],
)
def test_a_syntax_error_is_placed_and_said_in_french(text, ligne, message):
    convention, (defect,) = read(text)
    assert convention is None
    assert (defect.code, defect.ligne) == ("convention.illisible", ligne)
    assert message in defect.message


def test_a_cross_is_no_answer():
    convention, [anomaly] = build(
        {"convention": {"annee": 2026}, "choix": {"compte_sans_candidat": "x"}}, SOURCE
    )
    assert convention is None and anomaly.code == "convention.valeur_inconnue"
