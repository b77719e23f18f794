"""One table against another: what is said, how grave, at which lines; and a sound dossier says nothing."""

from __future__ import annotations

import pytest

from flux.dossier import examine, read_dossier
from flux.noyau.errors import Gravite

LOGEMENTS = (
    "id_logement;commune;qpv;typologie;financement;programme;annee_mise_location;nature;occupation;"
    "date_sortie;motif_sortie;id_rpls;contingent\n"
)
L1 = "L1;72181;non;T2;PLUS;P1;2001;;;;;R1;\n"
L2 = "L2;72181;oui;T3;PLAI;P1;2001;;;;;R2;\n"
L3 = "L3;72003;non;T5+;PLS;P2;1990;;;;;R3;\n"
PARC = LOGEMENTS + L1 + L2 + L3
DROITS = (
    "id_reservataire;id_logement;programme;commune;nb;contrepartie;date_debut;date_fin;date_remboursement\n"
    "prefet;L1;;;;;;;\n"
)
GARANTIE = "mans;;P1;72181;1;garantie;;{fin};{remboursement}\n"
BAUX = "annee;nature;id_logement;commune;date;nb\n"
LIVRAISONS = "programme;commune;date_mise_service;nb\n"
DEMANDE = "territoire_type;territoire_code;typologie;priorite;quartile;nb\n"
A_VERIFIER, INFORMATION = Gravite.A_VERIFIER, Gravite.INFORMATION

FOUND = [
    # tables, code, grade, lines
    (
        {"logements": PARC + "L4;72181;non;T2;PLUS;P1;2001;;;;;R1;\n"},
        "logements.id_rpls.doublon",
        A_VERIFIER,
        [2, 5],
    ),
    (
        {"logements": PARC + "L4;72181;non;T2;PLUS;P1;2001;;;01/03/2024;vente_bailleur;R1;\n"},
        "logements.id_rpls.vendu_entre_bailleurs",
        INFORMATION,
        [2, 5],
    ),
    (
        {"logements": PARC + "L4;72181;non;T2;PLUS;P1;2001;;;;demolition;;\n"},
        "logements.date_sortie.absente",
        A_VERIFIER,
        [5],
    ),
    (
        {"logements": PARC + "L4;72181;non;T2;PLUS;P1;2001;;9;;;;\n"},
        "logements.date_sortie.absente",
        A_VERIFIER,
        [5],
    ),
    (
        {
            "logements": PARC + "L4;72181;non;T2;PLUS;P1;2001;;;31/12/2024;demolition;;\n",
            "reservations": DROITS + "als;L4;;;;;;;\n",
        },
        "reservations.id_logement.logement_sorti",
        A_VERIFIER,
        [3],
    ),
    (
        {
            "logements": PARC
            + "L4;72181;non;T2;PLI;P1;2001;;;;;;\nL5;72181;non;T2;PLUS;P1;2001;foyer;;;;;\n",
            "reservations": DROITS + "als;L4;;;;;;;\nals;L5;;;;;;;\n",
        },
        "reservations.id_logement.hors_assiette",
        INFORMATION,
        [3, 4],
    ),
    (
        {
            "logements": PARC + "L4;72181;non;T2;PLI;P4;2001;;;;;;\n",
            "reservations": DROITS + "als;;P4;72181;1;;;;\nals;;P2;72003;1;;;;\n",
        },
        "reservations.programme.sans_logement",
        A_VERIFIER,
        [3],
    ),
    (
        {"reservations": DROITS + "als;L2;;;;;;31/12/2024;\nals;L3;;;;;;2026-01-01;\n"},
        "reservations.date_fin.terminee",
        INFORMATION,
        [3],
    ),
    (
        {"reservations": DROITS + "als;L2;;;;;01/06/2026;;\nals;L3;;;;;01/01/2026;;\n"},
        "reservations.date_debut.a_venir",
        A_VERIFIER,
        [3],
    ),
    (
        {"reservations": DROITS + GARANTIE.format(fin="31/12/2022", remboursement="")},
        "reservations.date_remboursement.absente_droit_termine",
        A_VERIFIER,
        [3],
    ),
    (
        {"reservations": DROITS + GARANTIE.format(fin="", remboursement="")},
        "reservations.date_remboursement.absente",
        INFORMATION,
        [3],
    ),
    (
        {"reservations": DROITS + GARANTIE.format(fin="31/12/2030", remboursement="31/12/2020")},
        "reservations.date_remboursement.droit_eteint",
        INFORMATION,
        [3],
    ),
    (
        {"reservations": DROITS, "soldes": "id_reservataire;annee;solde\nals;2025;0,4\n*;2025;0,1\n"},
        "soldes.id_reservataire.sans_droit",
        A_VERIFIER,
        [2],
    ),
    (
        {"logements": PARC, "mouvements": BAUX + "2025;relocation;L1;;;\n1999;relocation;L1;;;\n"},
        "mouvements.annee.avant_mise_en_location",
        A_VERIFIER,
        [3],
    ),
    (
        {
            "logements": PARC + "L4;72181;non;T2;PLUS;P1;2001;;;01/03/2024;demolition;;\n",
            "mouvements": BAUX + "2024;mutation;L4;;2024-02-01;\n2024;mutation;L4;;2024-04-01;\n"
            "2025;mutation;L4;;;\n",
        },
        "mouvements.annee.apres_sortie",
        A_VERIFIER,
        [3, 4],
    ),
    (
        {
            "logements": PARC,
            "mouvements": BAUX + "2025;premiere_location;L1;;;\n2024;premiere_location;L1;;;\n",
        },
        "mouvements.id_logement.premiere_location_repetee",
        A_VERIFIER,
        [3],
    ),
    (
        {
            "logements": PARC
            + L1.replace("L1", "L4").replace("R1", "")
            + L1.replace("L1", "L5").replace("R1", ""),
            "mouvements": BAUX + "2025;relocation;L1;;;\n" * 4,
        },
        "mouvements.id_logement.trop_de_relocations",
        A_VERIFIER,
        [2, 3, 4, 5],
    ),
    (
        {"logements": PARC, "mouvements": BAUX + "2025;relocation;;72003;;2\n2024;relocation;;72003;;1\n"},
        "mouvements.commune.plus_que_la_commune",
        A_VERIFIER,
        [2],
    ),
    (
        {"logements": PARC, "livraisons": LIVRAISONS + "P1;72181;2026-05-01;4\nP9;72181;2026-05-01;4\n"},
        "livraisons.programme.deja_au_parc",
        A_VERIFIER,
        [2],
    ),
    (
        {"livraisons": LIVRAISONS + "P9;72181;2025-05-01;4\n"},
        "livraisons.date_mise_service.passee",
        A_VERIFIER,
        [2],
    ),
    (
        {"livraisons": LIVRAISONS + "P9;72181;2027-05-01;4\n"},
        "livraisons.date_mise_service.a_venir",
        INFORMATION,
        [2],
    ),
    (
        {"demande": DEMANDE + "commune;72181;T2;autre;q1;5\ncommune;72154;T2;autre;q1;5\n"},
        "demande.territoire_code.sans_logement",
        INFORMATION,
        [3],
    ),
]


@pytest.mark.parametrize(("tables", "code", "gravite", "lignes"), FOUND, ids=[f[1] for f in FOUND])
def test_each_finding_is_named_graded_and_placed(ecrire, tables, code, gravite, lignes):
    examen = examine(ecrire(**tables))
    found = {a.code: a for a in examen.anomalies}
    assert set(found) == {code}
    anomaly = found[code]
    assert (anomaly.gravite, list(anomaly.lignes), anomaly.ligne) == (gravite, lignes, lignes[0])
    assert anomaly.colonne and anomaly.correction and str(lignes[0]) in anomaly.message
    assert examen.dossier is not None, "a cross-check blocks nothing"


def test_a_sound_dossier_says_nothing(ecrire):
    tables = {
        "logements": PARC,
        "reservations": DROITS + GARANTIE.format(fin="31/12/2022", remboursement="30/06/2024"),
        "mouvements": BAUX + "2025;relocation;L1;;2025-03-01;\n2025;relocation;;72181;;1\n",
        "livraisons": LIVRAISONS + "P9;72181;2026-05-01;4\n",
        "demande": DEMANDE + "departement;72;T2;autre;q1;5\ncommune;72003;T2;autre;q1;5\n",
    }
    assert read_dossier(ecrire(**tables)).reparations == ()


@pytest.mark.parametrize("remboursement", ["01/01/2021", "31/12/2025"])
def test_a_guarantee_lives_five_years_after_the_loan(ecrire, remboursement):
    right = GARANTIE.format(fin="31/12/2022", remboursement=remboursement)
    assert read_dossier(ecrire(logements=PARC, reservations=DROITS + right)).reparations == ()


def test_a_repaid_guarantee_on_a_dwelling_gone_weighs_nothing(ecrire):
    gone = "L4;72181;non;T2;PLUS;P1;2001;;;31/12/2024;demolition;;\n"
    for repaid, code in (
        ("30/06/2024", "id_logement.logement_sorti"),
        ("30/06/2019", "date_remboursement.droit_eteint"),
    ):
        rights = DROITS + f"mans;L4;;;;garantie;;;{repaid}\n"
        found = [a.code for a in read_dossier(ecrire(logements=PARC + gone, reservations=rights)).reparations]
        assert found == [f"reservations.{code}"]


def test_rights_ended_are_counted_by_year(ecrire):
    rows = "".join(f"als;L2;;;;;;31/12/{year};\n" for year in (2025, 2025, 2024, 2023, 2019, 2012))
    [anomaly] = read_dossier(ecrire(reservations=DROITS + rows)).reparations
    assert "2 en 2025, 1 en 2024, 1 en 2023, 2 plus tôt" in anomaly.message


def test_under_prorata_a_right_of_the_year_counts(ecrire, tmp_path):
    folder = ecrire(reservations=DROITS + "als;L2;;;;;01/06/2026;;\nals;L3;;;;;01/01/2027;;\n")
    with (folder / "convention.toml").open("a", encoding="utf-8") as stream:
        stream.write('[choix]\nregle_echeance = "prorata"\n')
    [anomaly] = read_dossier(folder).reparations
    assert list(anomaly.lignes) == [4]


CONTINGENTS = (
    LOGEMENTS
    + "".join(
        f"L{i};72181;non;T2;PLUS;P1;2001;;;;;;{code}\n" for i, code in enumerate(("2", "3", "8", "4"), 1)
    )
    + "L5;72181;non;T2;PLUS;P1;2001;;;;;;41.0\nL6;72181;non;T2;PLUS;P1;2001;;;;;;État\n"
)
REGISTRE = "id_reservataire;id_logement\nprefet;L1\nmans;L2\nprefet;L3\nmans;L4\nmans;L5\nmans;L6\n"


def test_the_register_against_the_contingents(ecrire):
    dossier = read_dossier(ecrire(logements=CONTINGENTS, reservations=REGISTRE))
    said = {a.code.removeprefix("logements.contingent."): a for a in dossier.reparations}
    assert {code: (a.gravite, list(a.lignes)) for code, a in said.items()} == {
        "valeur_inconnue": (A_VERIFIER, [7]),
        "code_retouche": (INFORMATION, [6]),
        "ancien_code": (INFORMATION, [5]),
        "gestion_en_flux": (INFORMATION, [4]),
        "rapprochement": (INFORMATION, []),
        "contradiction": (A_VERIFIER, [3]),
    }
    assert "3 d'accord, 1 en contradiction, 1 où" in said["rapprochement"].message
    assert "code 3, « Employeurs (Action Logement) », au RPLS, commune au registre (1)" in (
        said["contradiction"].message
    )
    table = dossier.rapprochement.set_index("id_logement")
    assert table["constat"].to_dict() == {
        "L1": "accord",
        "L2": "contradiction",
        "L3": "inconnu",
        "L4": "accord",
        "L5": "accord",
    }


def test_the_findings_are_a_table(ecrire):
    remarques = read_dossier(ecrire(logements=CONTINGENTS, reservations=REGISTRE)).remarques
    assert "logements.contingent.contradiction" in set(remarques["code"])
    assert {"gravite", "fichier", "ligne", "colonne", "message", "correction"} <= set(remarques.columns)


def test_a_contradiction_of_a_programme_names_it(ecrire):
    parc = LOGEMENTS + "".join(f"L{i};72181;non;T2;PLUS;P1;2001;;;;;;3\n" for i in range(3))
    dossier = read_dossier(
        ecrire(logements=parc, reservations="id_reservataire;programme;commune;nb\nmans;P1;72181;2\n")
    )
    [message] = [a.message for a in dossier.reparations if a.code.endswith(".contradiction")]
    assert "programmes P1" in message


def test_without_contingent_nothing_is_compared(ecrire):
    dossier = read_dossier(ecrire(logements=PARC, reservations=DROITS))
    assert dossier.rapprochement.empty and not dossier.reparations
