"""Every defect, made on purpose in a sound dossier: its message says where it is and what to do.

`docs/messages.md` keeps what each one said when it was read aloud, and what was mended.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from flux.conversion import convert
from flux.dossier import examine
from flux.noyau.errors import Anomalie, DataError, Gravite

CONVENTION = """\
[bailleur]
nom = "Habitat d'essai"
departement = "72"
[convention]
annee = 2026
[hypotheses]
taux_rotation = 0.073
"""
LOG = "id_logement;commune;qpv;typologie;financement;programme;annee_mise_location;date_sortie\n"
L = LOG + "L1;72181;non;T2;PLUS;P1;2001;\nL2;72181;oui;T3;PLAI;P1;2001;\nL3;72003;non;T5+;PLS;P2;1990;\n"
RES = "id_reservataire;nom;categorie;territoire_type;territoire_code\n"
R = (
    RES + "prefet;Préfet;etat_prioritaires;departement;72\nmans;Le Mans;commune;commune;72181\n"
    "als;Action Logement;action_logement;departement;72\narmee;Défense;defense_securite;departement;72\n"
)
DRO = (
    "id_reservataire;id_logement;programme;commune;nb;type_droit;annee_prevue;date_debut;date_fin;mode;part\n"
)
D = DRO + "prefet;L1;;;;;;;;;\nmans;;P1;72181;1;;;;;;\narmee;L3;;;;;;;;;\n"
M = "annee;nature;id_logement;commune;nb\n"
SOUND = {"logements": L, "reservataires": R, "reservations": D}


def c(text: str) -> dict[str, Any]:
    return {"convention": CONVENTION + text}


CASES: dict[str, dict[str, Any]] = {
    "logements.table_absente": {"logements": None},
    "logements.vide": {"logements": LOG},
    "logements.qpv.colonne_absente": {"logements": L.replace(";qpv;", ";qvp;")},
    "logements.qpv.vide": {"logements": L + "L4;72181;;T2;PLUS;P1;;\n"},
    "logements.qpv.illisible": {"logements": L + "L4;72181;peut-être;T2;PLUS;P1;;\n"},
    "logements.id_logement.doublon": {"logements": L + "L1;72181;non;T2;PLUS;P1;;\n"},
    "logements.financement.valeur_inconnue": {"logements": L + "L4;72181;non;T2;PLIS;P1;;\n"},
    "logements.typologie.illisible": {"logements": L + "L4;72181;non;T0;PLUS;P1;;\n"},
    "logements.commune.illisible": {"logements": L + "L4;Le Mans;non;T2;PLUS;P1;;\n"},
    "logements.commune.commune_inconnue": {"logements": L + "L4;72999;non;T2;PLUS;P1;;\n"},
    "logements.commune.fusion_ambigue": {"logements": L + "L4;55273;non;T2;PLUS;P1;;\n"},
    "logements.commune.autre_departement": {"logements": L + "L4;01004;non;T2;PLUS;P9;;\n"},
    "logements.annee_mise_location.hors_bornes": {"logements": L + "L4;72181;non;T2;PLUS;P1;24;\n"},
    "logements.qpv.colonne_en_double": {"logements": L.replace("date_sortie", "qpv")},
    "logements.entete_repete": {"logements": LOG + L},
    "logements.colonne_inconnue": {"logements": L.replace("date_sortie", "date sorti")},
    "reservataires.id_reservataire.reserve": {"reservataires": R + "bailleur;Nous;autre;departement;72\n"},
    "reservataires.categorie.valeur_inconnue": {"reservataires": R + "x;X;comune;commune;72181\n"},
    "reservataires.categorie.etat_en_double": {"reservataires": R + "x;X;etat_prioritaires;departement;72\n"},
    "reservataires.territoire_code.inconnu": {"reservataires": R + "x;X;epci;epci;72181\n"},
    "reservataires.territoire_code.commune_inconnue": {"reservataires": R + "x;X;commune;commune;72999\n"},
    "reservations.id_reservataire.inconnu": {"reservations": D + "prefe;L1;;;;;;;;;\n"},
    "reservations.id_logement.inconnu": {"reservations": D + "mans;L9;;;;;;;;;\n"},
    "reservations.programme.inconnu": {"reservations": D + "mans;;P1;72003;1;;;;;;\n"},
    "reservations.sans_support": {"reservations": D + "mans;;P1;72181;;;;;;;\n"},
    "reservations.support_double": {"reservations": D + "mans;L1;P1;72181;1;;;;;;\n"},
    "reservations.nb.hors_bornes": {"reservations": D + "mans;;P1;72181;-1;;;;;;\n"},
    "reservations.nb.illisible": {"reservations": D + "mans;;P1;72181;1,5;;;;;;\n"},
    "reservations.date_fin.avant_debut": {"reservations": D + "mans;L2;;;;;;01/01/2020;31/12/2019;;\n"},
    "reservations.date_fin.illisible": {"reservations": D + "mans;L2;;;;;;;31/02/2026;;\n"},
    "reservations.annee_prevue.droit_unique_sans_annee": {"reservations": D + "mans;L2;;;;unique;;;;;\n"},
    "reservations.mode.stock_sans_logement": {"reservations": D + "armee;;P1;72181;1;;;;;stock;\n"},
    "reservations.mode.stock_interdit": {"reservations": D + "mans;L2;;;;;;;;stock;\n"},
    "reservations.part.hors_bornes": {"reservations": D + "mans;L2;;;;;;;;;1,01\n"},
    "reservations.sur_reservation.logement": {"reservations": D + "mans;L1;;;;;;;;;\n"},
    "reservations.sur_reservation.programme": {"reservations": D + "mans;;P1;72181;5;;;;;;\n"},
    "mouvements.annee.a_venir": {"mouvements": M + "2026;relocation;L1;;\n2025;relocation;L1;;\n"},
    "mouvements.id_reservataire.inconnu": {
        "mouvements": "annee;nature;id_reservataire\n2025;relocation;Le Mans\n"
    },
    "mouvements.id_logement.inconnu": {"mouvements": M + "2025;relocation;L9;;\n"},
    "mouvements.nb.plus_que_le_parc": {"mouvements": M + "2025;relocation;;72181;1000\n"},
    "mouvements.fenetre.vide": {
        "mouvements": M + "2010;relocation;L1;;\n",
        "convention": CONVENTION.replace("taux_rotation = 0.073\n", ""),
    },
    "soldes.id_reservataire.inconnu": {"soldes": "id_reservataire;annee;solde\nqui;2025;0,4\n"},
    "soldes.annee.ancienne": {"soldes": "id_reservataire;annee;solde\nmans;2023;0,4\n"},
    "soldes.annee.a_venir": {"soldes": "id_reservataire;annee;solde\nmans;2026;0,4\n"},
    "soldes.doublon": {"soldes": "id_reservataire;annee;solde\nmans;2025;0,4\nmans;2025;0,4\n"},
    "soldes.solde.impossible": {"soldes": "id_reservataire;annee;solde\nmans;2025;99\n"},
    "soldes.annee_ouverture.a_venir": {
        "soldes": "id_reservataire;annee;solde;annee_ouverture\nmans;2025;0,4;2030\n"
    },
    "demande.territoire_code.inconnu": {
        "demande": "territoire_type;territoire_code;typologie;priorite;quartile;nb\nepci;1;T2;autre;q1;3\n"
    },
    "objectifs.sans_porteur": {"objectifs": "objectif;niveau;part\nq1_hors_qpv;cia;25 %\n"},
    "objectifs.territoire_code.inconnu": {
        "objectifs": "objectif;niveau;territoire_code;part\nq1_hors_qpv;cia;123;25 %\n"
    },
    "taux.taux.hors_bornes": {"taux": "nature;taux\nrefus;12\n"},
    "convention.absente": {"convention": None},
    "convention.illisible": {"convention": CONVENTION + "x = deux\n"},
    "convention.cle_absente": {"convention": CONVENTION.replace("annee = 2026", "")},
    "convention.section_inconnue": c('[choi]\nmethode = "parc"\n'),
    "convention.choix_inconnu": c('[choix]\nmetode = "parc"\n'),
    "convention.valeur_inconnue": c('[choix]\nmethode = "rotatio"\n'),
    "convention.section": {"convention": "signataires = 3\n" + CONVENTION},
    "convention.bailleur.departement.inconnu": {"convention": CONVENTION.replace('"72"', '"99"')},
    "convention.bailleur.departement.sans_logement": {"convention": CONVENTION.replace('"72"', '"01"')},
    "convention.bailleur.departement.absent": {
        "logements": L + "L4;01004;non;T2;PLUS;P9;;\n",
        "convention": CONVENTION.replace('departement = "72"\n', ""),
    },
    "convention.hypotheses.rotation_absente": {
        "convention": CONVENTION.replace("taux_rotation = 0.073\n", "")
    },
    "convention.hypotheses.liberations_prevues.impossible": c("liberations_prevues = 5000\n"),
    "convention.part_etat.absente": {"reservations": D.replace("prefet;L1;;;;;;;;;\n", "")},
    "convention.derogation.duree": c(
        "[stipulations]\nderogation_prefectorale = { part = 0.35, fin = 2029-12-31 }\n"
    ),
    "reservataires.etat.absent": {
        "reservataires": R.replace("prefet;Préfet;etat_prioritaires;departement;72\n", ""),
        "reservations": D.replace("prefet;L1;;;;;;;;;\n", ""),
        "convention": CONVENTION + '[stipulations]\npart_etat = "legale"\n',
    },
    "logements.assiette.vide": {
        "logements": L.replace(";PLUS;", ";PLI;").replace(";PLAI;", ";PLI;").replace(";PLS;", ";PLI;")
    },
    "fichier.vide": {"mouvements": ""},
    "fichier.encodage": {"mouvements": b"\0\1\2"},
    "fichier.guillemet": {"mouvements": M + '2025;relocation;"L1;;\n'},
    "fichier.cellules_en_trop": {"reservataires": R + "x;X ; Y;commune;commune;72181\n"},
    "fichier.cellules_manquantes": {"reservataires": R + "x;X;commune\n"},
    "fichier.caractere_de_controle": {"reservataires": R.replace("Le Mans", "Le\x07Mans")},
    "fichier.cp1252": {"reservataires": R.encode("cp1252")},
    "dossier.table_inconnue": {"mouvement": M},
    # cross-checks
    "reservations.date_debut.a_venir": {"reservations": D + "mans;L2;;;;;;01/06/2026;;;\n"},
    "mouvements.annee.avant_mise_en_location": {
        "mouvements": M + "1999;relocation;L1;;\n2025;relocation;L1;;\n"
    },
}


def said(folder: Path, spoiled: dict[str, Any]) -> list[Anomalie]:
    """What the reading, then the conversion, find in a dossier spoiled in one place."""
    for nom, text in {**SOUND, "convention": CONVENTION, **spoiled}.items():
        suffix = "toml" if nom == "convention" else "csv"
        if text is not None:
            content = text if isinstance(text, bytes) else text.encode()
            (folder / f"{nom}.{suffix}").write_bytes(content)
    examen = examine(folder)
    if examen.dossier is None:
        return list(examen.anomalies)
    try:
        convert(examen.dossier)
    except DataError as error:
        return [*examen.anomalies, *error.anomalies]
    return list(examen.anomalies)


def test_the_sound_dossier_says_nothing(tmp_path: Path) -> None:
    assert said(tmp_path, {}) == []


@pytest.mark.parametrize("code", CASES)
def test_a_message_says_where_and_what_to_do(tmp_path: Path, code: str) -> None:
    found = {a.code: a for a in said(tmp_path, CASES[code])}
    assert code in found
    anomaly = found[code]
    assert anomaly.fichier and not anomaly.message[0].islower()
    assert anomaly.gravite is Gravite.INFORMATION or anomaly.correction
    assert not anomaly.correction or anomaly.correction[0].isupper()
    assert str(tmp_path.parent) not in str(anomaly), "no path of the machine"


REMEDIES: list[tuple[str, dict[str, Any], str]] = [
    *(
        ("reservations.date_fin.illisible", {"reservations": D + f"mans;L2;;;;;;;{day};;\n"}, remedy)
        for day, remedy in (
            ("29/02/2025", "02/2025 a 28 jours"),
            ("2026-04-31", "04/2026 a 30 jours"),
            ("12/31/2026", "mois 31 n'existe pas"),
            ("13/2026", "mois 13 n'existe pas"),
            ("31/12/26", "quatre chiffres"),
        )
    ),
    ("logements.qpv.vide", {"logements": L + "L4;72181;;T2;PLUS;P1;;\n"}, "Écrire oui ou non"),
    ("logements.qpv.illisible", {"logements": L.replace("oui", "0").replace("non", "2")}, "« 0 » et « 2 »"),
    ("logements.typologie.illisible", {"logements": L + "L4;72181;non;Studio;PLUS;P1;;\n"}, "T1"),
    ("logements.typologie.illisible", {"logements": L + "L4;72181;non;T3 bis;PLUS;P1;;\n"}, "T3"),
    ("logements.commune.illisible", {"logements": L + "L4;st denis;non;T2;PLUS;P1;;\n"}, "93066 Saint-Denis"),
    ("reservataires.territoire_code.commune_inconnue",
     {"reservataires": R + "x;X;commune;commune;Le Mans\n"}, "« 72181 »"),
    ("reservataires.territoire_code.inconnu",
     {"reservataires": R + "x;X;epci;epci;CU Le Mans Métropole\n"}, "247200132"),
    ("reservataires.territoire_code.inconnu", {"reservataires": R + "x;X;epci;epci;72181\n"}, "247200132"),
    ("reservations.id_logement.inconnu", {"reservations": D + "mans;l-2;;;;;;;;;\n"}, "« L2 »"),
    ("reservations.id_logement.inconnu",
     {"logements": L + "0045;72181;non;T2;PLUS;P1;;\n", "reservations": D + "mans;45;;;;;;;;;\n"},
     "« 0045 »"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "spoiled", "remedy"), REMEDIES)
def test_a_usual_slip_is_given_its_remedy(
    tmp_path: Path, code: str, spoiled: dict[str, Any], remedy: str
) -> None:
    found = [a for a in said(tmp_path, spoiled) if a.code == code]
    assert found and all(remedy in a.correction for a in found)


def test_a_misspelt_header_is_said_once(tmp_path: Path) -> None:
    [anomaly] = said(tmp_path, {"logements": L.replace(";qpv;", ";qvp;")})
    assert (anomaly.code, anomaly.colonne) == ("logements.qpv.colonne_absente", "qvp")


def test_the_list_of_messages_names_them_all(racine: Path) -> None:
    listed = re.findall(
        r"^\| `([^`]+)` \|", (racine / "docs" / "messages.md").read_text("utf-8"), re.MULTILINE
    )
    assert listed == list(CASES)
