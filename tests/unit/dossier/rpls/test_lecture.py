"""Each layout of the RPLS, on rows made from its headers: what is repaired is said, the rest refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from flux.dossier.rpls import ParcRpls, read_rpls
from flux.noyau.errors import DataError

Ecrire = Callable[..., Path]


def codes(parc: ParcRpls) -> set[str]:
    return {a.code for a in parc.reparations}


def refused(path: Path, **options: object) -> DataError:
    with pytest.raises(DataError) as caught:
        read_rpls(path, **options)  # type: ignore[arg-type]
    return caught.value


def test_the_restricted_extract_gives_a_dwelling_of_the_contract(ecrire: Ecrire) -> None:
    parc = read_rpls(ecrire("restreint", [{"TYPECONST": "E"}, {"QPV": "1", "NBPIECE": "6"}]), annee=2026)
    assert parc.disposition.nom == "restreint"
    first, second = (row for _, row in parc.logements.iterrows())
    assert first[["id_logement", "id_rpls", "commune", "typologie", "financement"]].tolist() == [
        "L0", "1000000000", "72181", "T3", "PLUS",
    ]  # fmt: skip
    assert (first["surface"], first["loyer"], first["occupation"]) == (64.5, 401.25, 1)
    assert (first["annee_construction"], first["annee_mise_location"]) == (1975, 1976)
    assert (first["nature"], first["contingent"], first["programme"]) == ("residence_etudiante", "2", "7")
    assert first["adresse"] == "3 RUE DES LILAS"
    assert first["conventionne"]
    assert not first["qpv"]
    assert second["qpv"]
    assert second["typologie"] == "T5+"
    assert parc.bailleurs.to_dict("records") == [
        {"ident_org": "O1", "siret": "05512345600012", "nom": "HABITAT DU MANS", "nb": 2}
    ]
    assert parc.manques.empty


def test_the_variant_of_the_dreal_is_latin_1_with_points_and_suffixes(ecrire: Ecrire) -> None:
    row = {"SURFHAB": "64.5", "NOMVOIE": "DES ÉRABLES"}
    parc = read_rpls(ecrire("dreal_2018", [row], encodage="cp1252"))
    assert parc.disposition.nom == "dreal_2018"
    assert parc.logements.loc[0, ["surface", "adresse", "contingent"]].tolist() == [
        64.5,
        "3 RUE DES ÉRABLES",
        "2",
    ]
    assert "fichier.cp1252" in codes(parc)


def test_a_defect_names_the_header_as_it_is_written(ecrire: Ecrire) -> None:
    error = refused(ecrire("dreal_2018", [{}, {"MODE": "7"}]))
    assert error.code == "rpls.MODE.hors_bornes"
    assert error.table.loc[0, ["ligne", "colonne", "valeur"]].tolist() == [3, "MODE_red", "7"]


def test_the_declared_file_has_no_header(ecrire: Ecrire) -> None:
    path = ecrire(
        "declaration",
        [{}, {}],
        nom="2026_0001_055123456_001.csv",
        entete=False,
        avant=[["HABITAT DU MANS", "HDM", "1 rue du Port", "05512345600012"]],
    )
    parc = read_rpls(path)
    assert parc.disposition.nom == "declaration"
    assert parc.annee == 2026
    assert parc.logements["_ligne"].tolist() == [2, 3]
    assert parc.bailleurs["nom"].tolist() == ["HABITAT DU MANS"]
    assert "rpls.bailleur_lu" in codes(parc)
    error = refused(ecrire("declaration", [{}, {"FINAN": "18"}], entete=False))
    assert error.table.loc[0, "colonne"] == "champ 32 (FINAN)"


def test_the_open_file_says_what_it_lacks(ecrire: Ecrire) -> None:
    parc = read_rpls(ecrire("ouvert_2012_2020", encodage="latin-1"))
    assert parc.disposition.nom == "ouvert_2012_2020"
    lacking = set(parc.manques["variable"])
    assert {"IDENT_INT", "SIRET", "MODE", "CONTRESLOG", "SORTIEPATRIM", "LOYERPRINC"} <= lacking
    assert parc.logements["id_logement"].tolist() == ["RPLS-2-1"]
    assert parc.logements["occupation"].tolist() == [1]
    assert "rpls.identifiant_fabrique" in codes(parc)


def test_the_open_file_of_2025_with_and_without_a_line_of_descriptions(ecrire: Ecrire) -> None:
    plain = read_rpls(ecrire("ouvert_dido"))
    described = {
        name: "une description"
        for name in ("DEPCOM", "QPV", "NBPIECE", "FINAN", "LOCAT", "CONSTRUCT", "SURFHAB")
    }
    other = read_rpls(ecrire("ouvert_dido", [described, {"PLG_QP24": "QN07201M"}]))
    assert plain.disposition.nom == other.disposition.nom == "ouvert_dido"
    assert len(plain.logements) == len(other.logements) == 1
    assert other.logements.loc[0, "_ligne"] == 3
    assert other.logements.loc[0, "qpv_code"] == "QN07201M"
    assert "rpls.ligne_description" in codes(other) - codes(plain)


def test_an_aggregated_file_is_expanded_and_its_surface_divided(ecrire: Ecrire) -> None:
    headers = ["DEPCOM", "QPV", "NBPIECE", "FINAN", "SURFHAB", "nb"]
    path = ecrire("", [{"SURFHAB": "130.0", "nb": "2.0"}, {"nb": "1.0"}], colonnes=headers)
    parc = read_rpls(path)
    assert parc.logements["id_logement"].tolist() == ["RPLS-2-1", "RPLS-2-2", "RPLS-3-1"]
    assert parc.logements["surface"].tolist() == [65.0, 65.0, 64.5]
    assert "rpls.agrege" in codes(parc)
    for wrong in ("0", "1e9", "2.5"):
        assert refused(ecrire("", [{"nb": wrong}], colonnes=headers)).code.startswith("rpls.NB.")


def test_two_columns_for_one_variable_are_refused_unless_one_has_its_plain_name(ecrire: Ecrire) -> None:
    headers = ["DEPCOM", "QPV", "NBPIECE", "FINAN", "QPV_red"]
    assert read_rpls(ecrire("", colonnes=headers)).logements["qpv"].tolist() == [False]
    error = refused(ecrire("", colonnes=[*headers, "qpv"]))
    assert (error.code, error.table.loc[0, "ligne"]) == ("fichier.colonne_en_double", 1)


def test_a_workbook_is_read_like_a_csv(ecrire: Ecrire, tmp_path: Path) -> None:
    path = ecrire("restreint", [{"NBPIECE": "2"}])
    written = pd.read_csv(path, sep=";", dtype=str)
    workbook = tmp_path / "rpls.xlsx"
    with pd.ExcelWriter(workbook, engine="xlsxwriter") as writer:
        pd.DataFrame({"lisez-moi": ["…"]}).to_excel(writer, sheet_name="Notice", index=False)
        written.to_excel(writer, sheet_name="Logements", index=False)
    parc, same = read_rpls(workbook), read_rpls(path)
    assert parc.source.feuille == "Logements"
    pd.testing.assert_frame_equal(parc.logements, same.logements)


def test_sentinels_and_codes_touched_by_a_program(ecrire: Ecrire) -> None:
    row = {
        "LOYERPRINC": "9999",
        "CONSTRUCT": "NC",
        "LOCAT": "1.976e+003",
        "CONTRESLOG": "41.0",
        "DEPCOM": "1004",
    }
    parc = read_rpls(ecrire("restreint", [row, {"CONSTRUCT": "1", "SURFHAB": "NA"}]))
    first, second = (row for _, row in parc.logements.iterrows())
    assert pd.isna(first["loyer"]) and pd.isna(first["annee_construction"])
    assert pd.isna(second["annee_construction"]) and pd.isna(second["surface"])
    assert (first["annee_mise_location"], first["contingent"], first["commune"]) == (1976, "41", "01004")
    assert {"rpls.LOYERPRINC.absence", "rpls.CONSTRUCT.non_conforme", "rpls.DEPCOM.zero_rendu"} <= codes(parc)


def test_what_a_dossier_requires_and_the_file_does_not_say_is_to_be_checked(ecrire: Ecrire) -> None:
    parc = read_rpls(ecrire("restreint", [{}, {"NBPIECE": "0"}]))
    assert pd.isna(parc.logements.loc[1, "typologie"])
    (said,) = (a for a in parc.reparations if a.code == "rpls.typologie.non_renseigne")
    assert (said.gravite.value, said.ligne) == ("a_verifier", 3)


def test_exits_carry_a_date_or_ask_for_the_year(ecrire: Ecrire) -> None:
    gone = [
        {"SORTIEPATRIM": "4", "MODE": "9"},
        {"SORTIEPATRIM": "1", "MODE": "9", "DATVEFFECT": "12/05/2025"},
        {"MODE": "9"},
    ]
    path = ecrire("restreint", gone)
    assert refused(path).code == "rpls.annee_absente"
    parc = read_rpls(path, annee=2026)
    assert parc.logements["motif_sortie"].tolist() == ["demolition", "vente_occupant", "autre"]
    assert [str(d.date()) for d in parc.logements["date_sortie"]] == [
        "2025-12-31",
        "2025-05-12",
        "2025-12-31",
    ]
    assert {"rpls.date_sortie_supposee", "rpls.sortie_sans_motif"} <= codes(parc)


def test_mobility_is_that_of_the_dreal(ecrire: Ecrire) -> None:
    leases = [
        {"BAIL": "01/03/2025"},
        {},
        {},
        {"LOCAT": "2025", "BAIL": "06/2025"},
        {"MODE": "3", "BAIL": "2025"},
    ]
    parc = read_rpls(ecrire("restreint", leases), annee=2026)
    assert parc.mobilite is not None
    assert (parc.mobilite.annee, parc.mobilite.nb_relocations, parc.mobilite.nb_logements) == (2025, 1, 3)
    assert read_rpls(ecrire("restreint", leases)).mobilite is None


def test_the_landlord_is_chosen_by_siren_name_or_identifier(ecrire: Ecrire) -> None:
    other = {"IDENT_ORG": "O2", "SIRET": "11111111100012", "RS": "LOGIS DE LA SARTHE", "IDENT_INT": "L0"}
    path = ecrire("restreint", [{}, other])
    for who in ("111111111", "11111111100012", "logis de la Sarthe", "O2"):
        parc = read_rpls(path, bailleur=who)
        assert parc.bailleurs["nom"].tolist() == ["LOGIS DE LA SARTHE"]
        assert parc.logements["id_logement"].tolist() == ["L0"]
    both = read_rpls(path)
    assert both.logements["id_logement"].tolist() == ["O1/L0", "O2/L0"]
    assert "rpls.plusieurs_bailleurs" in codes(both)
    error = refused(path, bailleur="Habitat 18")
    assert error.code == "rpls.bailleur_absent"
    assert "LOGIS DE LA SARTHE" in str(error)
    assert refused(ecrire("ouvert_dido"), bailleur="O2").code == "rpls.bailleur_absent"


def test_a_dwelling_sold_between_landlords_appears_twice(ecrire: Ecrire) -> None:
    buyer = {
        "IDENT_ORG": "O2",
        "SIRET": "11111111100012",
        "RS": "LOGIS",
        "IDENT_REP": "1000000000",
        "ORIGINE": "3",
    }
    rows = [
        {"SORTIEPATRIM": "2", "MODE": "9"},
        {**buyer, "IDENT_INT": "A"},
        {"IDENT_REP": "5"},
        {"IDENT_REP": "0000000005"},
    ]
    path = ecrire("restreint", rows)
    parc = read_rpls(path, annee=2026)
    assert parc.doublons[["role", "constat"]].to_records(index=False).tolist() == [
        ("inconnu", "à vérifier"), ("inconnu", "à vérifier"),
        ("vendeur", "vente entre bailleurs"), ("acquereur", "vente entre bailleurs"),
    ]  # fmt: skip
    own = read_rpls(path, bailleur="LOGIS", annee=2026)
    assert own.logements["id_logement"].tolist() == ["O2/A"]
    assert own.doublons["role"].tolist() == ["vendeur", "acquereur"]


def test_an_identifier_is_used_once_and_written_in_full(ecrire: Ecrire) -> None:
    error = refused(ecrire("restreint", [{"IDENT_INT": "A"}, {"IDENT_INT": "A"}]))
    assert (error.code, error.table.loc[0, "ligne"]) == ("rpls.IDENT_INT.doublon", 3)
    error = refused(ecrire("restreint", [{"IDENT_INT": "1.1144e+006"}]))
    assert (error.code, error.table.loc[0, "valeur"]) == ("rpls.IDENT_INT.illisible", "1.1144e+006")
    parc = read_rpls(ecrire("restreint", [{"IDENT_INT": "12E34"}, {"IDENT_INT": "123.0"}]))
    assert parc.logements["id_logement"].tolist() == ["12E34", "123"]


def test_an_unknown_layout_names_the_nearest_and_what_is_missing(ecrire: Ecrire) -> None:
    error = refused(ecrire("", colonnes=["IDENT_INT", "DEPCOM", "QPV", "MODE", "CONTRESLOG"]))
    assert error.code == "rpls.disposition_inconnue"
    assert "« NBPIECE » et « FINAN »" in error.table.loc[0, "attendu"]


def test_files_that_cannot_be_read_are_refused_in_one_message(ecrire: Ecrire, tmp_path: Path) -> None:
    assert refused(tmp_path / "absent.csv").code == "fichier.introuvable"
    for content, code in ((b"", "vide"), (b"\x00\x01;\x00", "encodage")):
        (tmp_path / "x.csv").write_bytes(content)
        assert refused(tmp_path / "x.csv").code == f"fichier.{code}"
    assert refused(ecrire("restreint", [])).code == "rpls.vide"
    path = ecrire("ouvert_2012_2020", [{}, {"NOMVOIE": "\x81\xe9"}], encodage="latin-1")
    error = refused(path)
    assert (error.code, error.table.loc[0, "ligne"]) == ("fichier.encodage", 3)
    (tmp_path / "x.xlsx").write_bytes(b"not a workbook")
    assert refused(tmp_path / "x.xlsx").code == "fichier.classeur_illisible"
    (tmp_path / "x.zip").write_bytes(b"PK")
    assert refused(tmp_path / "x.zip").code == "fichier.format"
    path = ecrire("ouvert_2012_2020", [{}] * 30)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    error = refused(path)
    assert (error.code, error.table.loc[0, "ligne"]) == ("fichier.cellules_manquantes", 31)
    path.write_bytes(whole + whole.splitlines()[1] + b";1;2;3\n")
    error = refused(path)
    assert (error.code, error.table.loc[0, "ligne"]) == ("fichier.cellules_en_trop", 32)
    for before in (b"", b"titre\n\n"):
        path.write_bytes(before + whole + b'"1;72181;\n')
        error = refused(path)
        assert (error.code, error.table.loc[0, "ligne"]) == ("fichier.guillemet", 32 + before.count(b"\n"))


def test_both_faces(ecrire: Ecrire) -> None:
    parc = read_rpls(ecrire("restreint"), annee=2026)
    assert "extrait restreint" in repr(parc)
    assert "État, prioritaires" in parc._repr_html_()
    assert parc.contingents.to_dict("records") == [
        {"contingent": "2", "libelle": "État, prioritaires", "nb": 1}
    ]
