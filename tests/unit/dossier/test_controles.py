"""One spoiled dossier a defect: the code, and where it is."""

from __future__ import annotations

import pytest

from flux.dossier import examine, read_dossier
from flux.noyau.errors import Anomalie, DataError

LOGEMENTS = "id_logement;commune;qpv;typologie;financement;programme\n"
RESERVATAIRES = "id_reservataire;nom;categorie;territoire_type;territoire_code\n"
PREFET = "prefet;Préfet;etat_prioritaires;departement;72\n"
LE_MANS = "mans;Le Mans;commune;commune;72181\nals;AL;action_logement;departement;72\n"
DEFENSE = "armee;Défense;defense_securite;departement;72\n"
HOLDERS = RESERVATAIRES + PREFET + LE_MANS + DEFENSE
L1 = "L1;72181;non;T2;PLUS;P1\n"
L2 = "L2;72181;oui;T3;PLAI;P1\n"
L3 = "L3;72003;non;T5+;PLS;P2\n"
SOUND = LOGEMENTS + L1 + L2 + L3

SPOILED = [
    # table, content, code, line, column, value
    ("logements", None, "logements.table_absente", None, None, None),
    ("reservataires", None, "reservataires.table_absente", None, None, None),
    ("reservations", None, "reservations.table_absente", None, None, None),
    ("logements", LOGEMENTS, "logements.vide", None, None, None),
    ("logements", SOUND.replace("qpv;", "qvp;"), "logements.qpv.colonne_absente", None, "qvp", None),
    ("logements", SOUND + L1, "logements.id_logement.doublon", 5, "id_logement", "L1"),
    ("logements", SOUND + "L4;72181;;T2;PLUS;P1\n", "logements.qpv.vide", 5, "qpv", None),
    (
        "logements",
        SOUND + "L4;72181;peut-être;T2;PLUS;P1\n",
        "logements.qpv.illisible",
        5,
        "qpv",
        "peut-être",
    ),
    (
        "logements",
        SOUND + "L4;72181;non;T2;PLIS;\n",
        "logements.financement.valeur_inconnue",
        5,
        "financement",
        "PLIS",
    ),
    ("logements", SOUND + "L4;72181;non;T0;PLUS;\n", "logements.typologie.illisible", 5, "typologie", "T0"),
    (
        "logements",
        SOUND + "L4;72999;non;T2;PLUS;\n",
        "logements.commune.commune_inconnue",
        5,
        "commune",
        "72999",
    ),
    (
        "logements",
        SOUND + "L4;Le Mans;non;T2;PLUS;\n",
        "logements.commune.illisible",
        5,
        "commune",
        "Le Mans",
    ),
    (
        "logements",
        SOUND + "L4;55273;non;T2;PLUS;\n",
        "logements.commune.fusion_ambigue",
        5,
        "commune",
        "55273",
    ),
    (
        "logements",
        "id_logement;commune;qpv;qpv;typologie;financement\nL1;72181;non;oui;T2;PLUS\n",
        "logements.qpv.colonne_en_double",
        None,
        "qpv",
        None,
    ),
    (
        "reservataires",
        HOLDERS + PREFET,
        "reservataires.id_reservataire.doublon",
        6,
        "id_reservataire",
        "prefet",
    ),
    (
        "reservataires",
        HOLDERS + PREFET.replace("prefet;", "etat2;"),
        "reservataires.categorie.etat_en_double",
        6,
        "categorie",
        "etat_prioritaires",
    ),
    (
        "reservataires",
        HOLDERS + "bailleur;Nous;autre;departement;72\n",
        "reservataires.id_reservataire.reserve",
        6,
        "id_reservataire",
        "bailleur",
    ),
    (
        "reservataires",
        HOLDERS + "x;X;mairie;commune;72181\n",
        "reservataires.categorie.valeur_inconnue",
        6,
        "categorie",
        "mairie",
    ),
    (
        "reservataires",
        HOLDERS + "x;X;epci;epci;72181\n",
        "reservataires.territoire_code.inconnu",
        6,
        "territoire_code",
        "72181",
    ),
    (
        "reservataires",
        HOLDERS + "x;X;commune;commune;72999\n",
        "reservataires.territoire_code.commune_inconnue",
        6,
        "territoire_code",
        "72999",
    ),
    (
        "reservations",
        "id_reservataire;id_logement\nprefet;L9\n",
        "reservations.id_logement.inconnu",
        2,
        "id_logement",
        "L9",
    ),
    (
        "reservations",
        "id_reservataire;id_logement\nprefe;L1\n",
        "reservations.id_reservataire.inconnu",
        2,
        "id_reservataire",
        "prefe",
    ),
    (
        "reservations",
        "id_reservataire;id_logement\nbailleur;L1\n",
        "reservations.id_reservataire.inconnu",
        2,
        "id_reservataire",
        "bailleur",
    ),
    (
        "reservations",
        "id_reservataire;programme;commune\nmans;P1;72181\n",
        "reservations.sans_support",
        2,
        None,
        None,
    ),
    (
        "reservations",
        "id_reservataire;id_logement;programme;commune;nb\nmans;L1;P1;72181;1\n",
        "reservations.support_double",
        2,
        None,
        "L1",
    ),
    (
        "reservations",
        "id_reservataire;programme;commune;nb\nmans;P1;72003;1\n",
        "reservations.programme.inconnu",
        2,
        "programme",
        "P1",
    ),
    (
        "reservations",
        "id_reservataire;programme;commune;nb\nmans;P1;72181;-1\n",
        "reservations.nb.hors_bornes",
        2,
        "nb",
        "-1",
    ),
    (
        "reservations",
        "id_reservataire;programme;commune;nb\nmans;P1;72181;1,5\n",
        "reservations.nb.illisible",
        2,
        "nb",
        "1,5",
    ),
    (
        "reservations",
        "id_reservataire;id_logement;date_debut;date_fin\nmans;L1;01/01/2020;31/12/2019\n",
        "reservations.date_fin.avant_debut",
        2,
        "date_fin",
        "du 01/01/2020 au 31/12/2019",
    ),
    (
        "reservations",
        "id_reservataire;id_logement;date_fin\nmans;L1;31/02/2026\n",
        "reservations.date_fin.illisible",
        2,
        "date_fin",
        "31/02/2026",
    ),
    (
        "reservations",
        "id_reservataire;id_logement;type_droit\nmans;L1;unique\n",
        "reservations.annee_prevue.droit_unique_sans_annee",
        2,
        "annee_prevue",
        None,
    ),
    (
        "reservations",
        "id_reservataire;programme;commune;nb;mode\narmee;P1;72181;1;stock\n",
        "reservations.mode.stock_sans_logement",
        2,
        "mode",
        "stock",
    ),
    (
        "reservations",
        "id_reservataire;id_logement;mode\nmans;L1;stock\n",
        "reservations.mode.stock_interdit",
        2,
        "mode",
        "stock",
    ),
    (
        "reservations",
        "id_reservataire;id_logement;part\nmans;L1;0\n",
        "reservations.part.hors_bornes",
        2,
        "part",
        "0",
    ),
    (
        "reservations",
        "id_reservataire;id_logement;part\nmans;L1;1,01\n",
        "reservations.part.hors_bornes",
        2,
        "part",
        "1,01",
    ),
    (
        "mouvements",
        "annee;nature;id_reservataire\n2025;relocation;inconnu\n",
        "mouvements.id_reservataire.inconnu",
        2,
        "id_reservataire",
        "inconnu",
    ),
    (
        "mouvements",
        "annee;nature;id_logement\n2025;relocation;L9\n",
        "mouvements.id_logement.inconnu",
        2,
        "id_logement",
        "L9",
    ),
    (
        "soldes",
        "id_reservataire;annee;solde\nqui;2025;0,4\n",
        "soldes.id_reservataire.inconnu",
        2,
        "id_reservataire",
        "qui",
    ),
    (
        "objectifs",
        "objectif;niveau;id_reservataire;part\nq1_hors_qpv;cia;qui;25 %\n",
        "objectifs.id_reservataire.inconnu",
        2,
        "id_reservataire",
        "qui",
    ),
    (
        "objectifs",
        "objectif;niveau;part\nq1_hors_qpv;cia;25 %\n",
        "objectifs.sans_porteur",
        2,
        None,
        "q1_hors_qpv",
    ),
    (
        "objectifs",
        "objectif;niveau;territoire_code;part\nq1_hors_qpv;cia;123;25 %\n",
        "objectifs.territoire_code.inconnu",
        2,
        "territoire_code",
        "123",
    ),
]


def defects(path: object) -> list[Anomalie]:
    with pytest.raises(DataError) as caught:
        read_dossier(path)  # type: ignore[arg-type]
    return list(caught.value.anomalies)


@pytest.mark.parametrize(
    ("table", "content", "code", "ligne", "colonne", "valeur"),
    SPOILED,
    ids=[f"{i}-{case[2]}" for i, case in enumerate(SPOILED)],
)
def test_each_defect_is_named_and_placed(ecrire, table, content, code, ligne, colonne, valeur):
    found = {a.code: a for a in defects(ecrire(**{table: content}))}
    assert code in found
    anomaly = found[code]
    assert (anomaly.ligne, anomaly.colonne, anomaly.valeur) == (ligne, colonne, valeur)
    assert anomaly.fichier and anomaly.message and (anomaly.attendu or anomaly.correction)


def test_a_defect_comes_alone(ecrire):
    """A misread cell does not bring a train of others."""
    for table, content, code, *_ in SPOILED[5:9]:
        assert [a.code for a in defects(ecrire(**{table: content}))] == [code]


def test_every_defect_at_once(ecrire):
    folder = ecrire(
        logements=SOUND + L1 + "L4;72999;non;T2;PLUS;\n",
        reservations="id_reservataire;id_logement\nqui;L9\n",
        convention="[convention]\nannee = 2026\n",
    )
    with pytest.raises(DataError) as caught:
        read_dossier(folder)
    codes = set(caught.value.table["code"])
    assert codes == {
        "logements.id_logement.doublon",
        "logements.commune.commune_inconnue",
        "reservations.id_logement.inconnu",
        "reservations.id_reservataire.inconnu",
        "convention.bailleur.departement.absent",
        "convention.hypotheses.rotation_absente",
    } - {"convention.bailleur.departement.absent"}


def test_the_first_line_of_a_duplicate_is_named(ecrire):
    duplicates = [a for a in defects(ecrire(logements=SOUND + L2 + L2))]
    assert [a.ligne for a in duplicates] == [5, 6]
    assert all("ligne 3" in a.correction for a in duplicates)


def test_both_targets_of_an_ambiguous_merger_are_named(ecrire):
    [anomaly] = defects(ecrire(logements=SOUND + "L4;55273;non;T2;PLUS;\n"))
    assert "55245" in anomaly.correction and "55386" in anomaly.correction


def test_near_misses_are_suggested(ecrire):
    by_code = {
        a.code: a
        for a in [
            *defects(ecrire(logements=SOUND.replace("qpv;", "qvp;"))),
            *defects(ecrire(reservations="id_reservataire;id_logement\nprefe;L1\n", logements=SOUND)),
            *defects(ecrire(reservataires=HOLDERS + "x;X;comune;commune;72181\n")),
        ]
    }
    assert "« qvp »" in by_code["logements.qpv.colonne_absente"].correction
    assert "« prefet »" in by_code["reservations.id_reservataire.inconnu"].correction
    assert "« commune »" in by_code["reservataires.categorie.valeur_inconnue"].correction


def test_a_table_under_another_name_is_pointed_at(ecrire):
    folder = ecrire()
    (folder / "logements.csv").rename(folder / "logement.csv")
    by_code = {a.code: a for a in examine(folder).anomalies}
    assert "logement.csv" in by_code["logements.table_absente"].correction
    assert "« logements.csv »" in by_code["dossier.table_inconnue"].correction


def test_thousands_of_the_same_defect_are_counted(ecrire):
    rows = "".join(f"L{i};72999;non;T2;PLUS;\n" for i in range(10, 1010))
    found = [
        a for a in defects(ecrire(logements=SOUND + rows)) if a.code == "logements.commune.commune_inconnue"
    ]
    assert len(found) == 51
    assert "950" in found[-1].message and found[-1].ligne is None


def test_no_turnover_at_all(ecrire):
    [anomaly] = defects(ecrire(convention='[bailleur]\ndepartement = "72"\n[convention]\nannee = 2026\n'))
    assert anomaly.code == "convention.hypotheses.rotation_absente"
    assert anomaly.fichier == "convention.toml"


def test_movements_are_enough(ecrire):
    folder = ecrire(convention="[convention]\nannee = 2026\n", mouvements="annee;nature\n2025;relocation\n")
    assert read_dossier(folder).mouvements.loc[0, "nb"] == 1


def test_an_unknown_departement(ecrire):
    text = '[bailleur]\ndepartement = "99"\n[convention]\nannee = 2026\n[hypotheses]\ntaux_rotation = 0.1\n'
    assert [a.code for a in defects(ecrire(convention=text))] == ["convention.bailleur.departement.inconnu"]


def test_several_departements_want_one_named(ecrire):
    text = "[convention]\nannee = 2026\n[hypotheses]\ntaux_rotation = 0.1\n"
    folder = ecrire(convention=text, logements=SOUND + "L4;59350;non;T2;PLUS;\n")
    [anomaly] = defects(folder)
    assert anomaly.code == "convention.bailleur.departement.absent" and "59, 72" in anomaly.attendu


def test_a_blank_beside_a_cross_is_no_no(ecrire):
    parc = SOUND.replace(";oui;", ";x;").replace(";non;", ";;")
    assert {(a.code, a.correction) for a in defects(ecrire(logements=parc))} == {
        ("logements.qpv.vide", "Écrire oui ou non : une cellule vide n'est pas lue comme non.")
    }
    crossed = examine(ecrire(logements=SOUND.replace(";oui;", ";X;")))
    [repair] = crossed.anomalies
    assert repair.code == "logements.qpv.coche" and "vide n'est pas lue comme non" in repair.message
