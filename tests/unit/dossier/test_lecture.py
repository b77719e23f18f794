"""Folders of csv: what is accepted, what is repaired and said, what is left out and said."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flux.dossier import examine, read_dossier
from flux.dossier.entetes import table_of
from flux.dossier.fichiers import read_csv
from flux.dossier.schemas import TABLES
from flux.noyau.errors import DataError, Gravite
from flux.noyau.tables import check

LOGEMENTS = "id_logement;commune;qpv;typologie;financement\n"


def test_a_clean_dossier(ecrire):
    dossier = read_dossier(ecrire())
    assert dossier.nom == "essai" and dossier.reparations == ()
    assert dossier.logements["_ligne"].tolist() == [2, 3, 4]
    assert dossier.logements["nature"].tolist() == ["ordinaire"] * 3
    assert dossier.logements["occupation"].tolist() == [1, 1, 1]
    assert dossier.reservations["mode"].tolist() == ["flux", "flux", "stock"]
    assert dossier.reservations["type_droit"].tolist() == ["suite"] * 3
    assert dossier.logements["programme"].isna().sum() == 0 and dossier.logements["dpe"].isna().all()
    assert set(dossier.tables) == set(TABLES)
    assert "logements 3" in repr(dossier)


def test_every_table_has_its_columns_and_types(ecrire):
    dossier = read_dossier(ecrire())
    for nom, table in TABLES.items():
        expected = table.empty().dtypes.astype(str).to_dict()
        assert dossier.tables[nom].dtypes.astype(str).to_dict() == expected, nom


def test_sources_name_files_without_path(ecrire):
    sources = {s.fichier: s for s in read_dossier(ecrire()).sources}
    assert set(sources) == {"convention.toml", "logements.csv", "reservataires.csv", "reservations.csv"}
    assert sources["logements.csv"].nb_lignes == 3
    assert all(s.sha256 and len(s.sha256) == 64 for s in sources.values())


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_separators_and_encodings(ecrire, separator, encoding):
    folder = ecrire(reservataires=None)
    text = (
        "id_reservataire;nom;categorie;territoire_type;territoire_code\n"
        "prefet;Préfet — Sarthe;etat_prioritaires;departement;72\nmans;M;commune;commune;72181\n"
        "armee;D;defense_securite;departement;72\n"
    )
    (folder / "reservataires.csv").write_text(text.replace(";", separator), encoding=encoding)
    dossier = read_dossier(folder)
    assert dossier.reservataires.loc[0, "nom"] == "Préfet — Sarthe"
    assert [a.code for a in dossier.reparations] == (["fichier.cp1252"] if encoding == "cp1252" else [])


def test_blank_rows_keep_the_numbers_of_lines(ecrire):
    rows = "L1;72181;non;T2;PLUS\n\n;;;;\nL3;72181;non;T2;PLUS\nL3;72181;non;T2;PLUS\n"
    [anomaly] = [
        a for a in examine(ecrire(logements=LOGEMENTS + rows)).anomalies if a.code.startswith("logements")
    ]
    assert anomaly.ligne == 6 and "ligne 5" in anomaly.correction


def test_headers_are_forgiven_and_said(ecrire):
    text = (
        "ID Logement;Commune;QPV ;Typologie;Financement;Programme;Couleur\nL1;72181;non;T2;PLUS;P1;bleu\n"
        "L3;72181;non;T2;PLUS;P1;bleu\n"
    )
    dossier = read_dossier(ecrire(logements=text))
    assert dossier.logements["id_logement"].tolist() == ["L1", "L3"]
    said = {a.code: a for a in dossier.reparations}
    assert "« ID Logement »" in said["logements.entetes"].message
    assert said["logements.colonne_inconnue"].colonne == "Couleur"
    assert all("bleu" not in str(a) for a in dossier.reparations)


def test_codes_that_lost_a_zero_are_one_information(ecrire):
    rows = "".join(f"L{i};1004;non;T2;PLUS\n" for i in range(1, 101))
    dossier = read_dossier(
        ecrire(
            convention='[bailleur]\ndepartement = "01"\n[convention]\nannee = 2026\n'
            "[hypotheses]\ntaux_rotation = 0.073\n",
            logements=LOGEMENTS + rows,
            reservations="id_reservataire;id_logement\nmans;L1\n",
        )
    )
    assert set(dossier.logements["commune"]) == {"01004"}
    [anomaly] = dossier.reparations
    assert anomaly.code == "logements.commune.zero_rendu" and "100 cellules : lignes 2-101" in anomaly.message


def test_rpls_codes_are_read_and_said(ecrire):
    text = (
        LOGEMENTS.replace("\n", ";surface;loyer\n") + "L1;72181;2;5;12;60,5;1 234,50\nL3;72181;1;3;PLAI;;\n"
    )
    dossier = read_dossier(ecrire(logements=text, reservations="id_reservataire;id_logement\nmans;L1\n"))
    row = dossier.logements.loc[0]
    assert (row["qpv"], row["typologie"], row["financement"], row["surface"], row["loyer"]) == (
        False,
        "T5+",
        "PLUS",
        60.5,
        1234.5,
    )
    assert {a.code for a in dossier.reparations} == {
        "logements.qpv.code_rpls",
        "logements.typologie.nombre_de_pieces",
        "logements.financement.code_rpls",
    }
    assert {a.gravite for a in dossier.reparations} == {Gravite.INFORMATION}


def test_partial_dates_open_and_close_periods(ecrire):
    text = "id_reservataire;id_logement;date_debut;date_fin\nmans;L1;03/2020;2030\n"
    dossier = read_dossier(ecrire(reservations=text))
    right = dossier.reservations.loc[0]
    assert (right["date_debut"], right["date_fin"]) == (pd.Timestamp(2020, 3, 1), pd.Timestamp(2030, 12, 31))
    assert [a.code for a in dossier.reparations] == [
        "reservations.date_debut.date_incomplete",
        "reservations.date_fin.date_incomplete",
    ]


def test_territory_codes_find_their_zeros(ecrire):
    holders = (
        "id_reservataire;nom;categorie;territoire_type;territoire_code\nprefet;P;etat_prioritaires;departement;1\n"
        "mans;M;commune;commune;1004\narmee;D;defense_securite;region;84.0\n"
    )
    dossier = read_dossier(ecrire(reservataires=holders))
    assert dossier.reservataires["territoire_code"].tolist() == ["01", "01004", "84"]
    assert [a.code for a in dossier.reparations] == ["reservataires.territoire_code.code_retouche"]


def test_a_row_with_too_many_cells(ecrire):
    with pytest.raises(DataError) as caught:
        read_dossier(ecrire(logements=LOGEMENTS + "L1;72181;non;T2;PLUS;trop\n"))
    by_code = {a.code: a for a in caught.value.anomalies}
    assert by_code["fichier.cellules_en_trop"].ligne == 2


def test_a_quote_never_closed(ecrire):
    with pytest.raises(DataError) as caught:
        read_dossier(ecrire(logements=LOGEMENTS + '"L1;72181;non;T2;PLUS\n'))
    assert "fichier.guillemet" in set(caught.value.table["code"])


def test_an_empty_file_is_said_once(ecrire):
    with pytest.raises(DataError) as caught:
        read_dossier(ecrire(logements=""))
    assert caught.value.table["code"].tolist() == ["fichier.vide"]


def test_no_convention(ecrire):
    with pytest.raises(DataError) as caught:
        read_dossier(ecrire(convention=None))
    assert caught.value.code == "convention.absente"


def test_nothing_there(tmp_path):
    with pytest.raises(DataError) as caught:
        read_dossier(tmp_path / "rien")
    assert caught.value.code == "dossier.introuvable"


def test_other_files_are_left_and_said(ecrire):
    folder = ecrire()
    (folder / "notes.txt").write_text("à lire", encoding="utf-8")
    [anomaly] = read_dossier(folder).reparations
    assert (anomaly.code, anomaly.fichier) == ("dossier.table_inconnue", "notes.txt")


def test_an_examination_gives_repairs_with_the_defects(ecrire):
    examen = examine(ecrire(logements=LOGEMENTS + "L1;1004;non;T2;PLUS\nL1;1004;non;T2;PLUS\n"))
    assert examen.dossier is None
    assert {a.code for a in examen.anomalies} >= {
        "logements.commune.zero_rendu",
        "logements.id_logement.doublon",
    }


words = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8).map("P{}".format)
rows = st.fixed_dictionaries(
    {
        "commune": st.sampled_from(["72181", "01004", "2A004"]),
        "qpv": st.booleans(),
        "typologie": st.sampled_from(["T1", "T2", "T3", "T4", "T5+"]),
        "financement": st.sampled_from(["PLAI", "PLUS", "PLS", "PLI", "AUTRE"]),
        "annee_construction": st.none() | st.integers(1850, 2026),
        "surface": st.none() | st.decimals(0, 999, places=2).map(float),
        "programme": st.none() | words,
        "date_sortie": st.none() | st.dates(min_value=pd.Timestamp(1900, 1, 1).date()),
    }
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(words, rows, min_size=1, max_size=8))
def test_what_is_written_is_read_again(tmp_path, dwellings):
    """Written as a spreadsheet writes it in France, the typed frame comes back cell for cell."""
    table = TABLES["logements"]
    columns = ["id_logement", *next(iter(dwellings.values()))]
    frame = pd.DataFrame([{"id_logement": key, **row} for key, row in dwellings.items()], columns=columns)
    written = frame.assign(
        qpv=frame["qpv"].map({True: "oui", False: "non"}),
        annee_construction=frame["annee_construction"].astype("Int64"),
        date_sortie=frame["date_sortie"].map(lambda day: None if pd.isna(day) else f"{day:%d/%m/%Y}"),
    )
    path = tmp_path / "logements.csv"
    written.to_csv(path, sep=";", decimal=",", index=False, encoding="utf-8-sig")
    [grille], said = read_csv(path)
    feuille = table_of("logements", grille)
    typed, anomalies = check(feuille.texte, table, feuille.source)
    assert said == [] and anomalies == []
    for column in columns:
        read = [None if pd.isna(x) else x for x in typed[column]]
        expected = [None if pd.isna(x) else x for x in frame[column]]
        if column == "date_sortie":
            read = [x and x.date() for x in read]
        assert read == expected
