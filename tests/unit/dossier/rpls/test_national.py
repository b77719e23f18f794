"""National files: what comes out of the folder is what the file itself gives, cell by cell, line by line."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flux.dossier.construction import build_dossier
from flux.dossier.rpls import ParcRpls, PartitionRpls, partition_rpls, read_rpls
from flux.dossier.rpls.national import decoupage
from flux.noyau.errors import DataError, FluxError
from flux.noyau.tables import LIGNE

pytest.importorskip("pyarrow")
pytest.importorskip("duckdb")

Ecrire = Callable[..., Path]
COMMUNES = ("72181", "1004", "2A004", "97101.0", "53130", "")
ORGANISMES = (
    {"IDENT_ORG": "O1", "SIRET": "5512345600012", "RS": "HABITAT DU MANS"},
    {"IDENT_ORG": "O2", "SIRET": "NA", "RS": "Société « d'à côté »"},
    {"IDENT_ORG": "", "SIRET": "", "RS": ""},
    {"IDENT_ORG": "O1", "SIRET": "05512345600020", "RS": "HABITAT DU MANS SUD"},
)
DIRT = (
    {},
    {"NBPIECE": "NC", "SURFHAB": "1 064,5", "LOYERPRINC": "9999"},
    {"QPV": "1.0", "FINAN": "13.0", "CONSTRUCT": "1720", "BAIL": "01/1900"},
    {"IDENT_REP": "NA", "SORTIEPATRIM": "2", "MODE": "9"},
    {"RS": " HABITAT DU MANS ", "CODSEGPATRIM": "  ", "NOMVOIE": "DES ÉRABLES"},
    {"IDENT_REP": "1000000001", "SORTIEPATRIM": "2", "MODE": "9"},
    {"LOCAT": "NA/NA", "DEPCOM": "99999", "CONTRESLOG": "08"},
)
LAYOUTS = ("restreint", "dreal_2018", "declaration", "ouvert_dido", "ouvert_2012_2020")
ASKED: tuple[dict[str, str], ...] = (
    {},
    {"departement": "1"},
    {"bailleur": "O1"},
    {"bailleur": "055123456", "departement": "2a"},
    {"bailleur": "habitat du mans sud"},
    {"bailleur": "O2", "departement": "971"},
    {"bailleur": "nobody"},
    {"departement": "59"},
)


def rows(nb: int = 60) -> list[dict[str, str]]:
    """Dwellings of several landlords in several départements, in no order, with what real files hold."""
    return [
        {**ORGANISMES[i % 4], "DEPCOM": COMMUNES[i % 6], "IDENT_REP": f"{1_000_000_000 + i}", **DIRT[i % 7]}
        for i in range(nb)
    ]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoupage, "BLOC", 25)


def outcome(path: Path, **options: Any) -> ParcRpls | list[object]:
    """What reading gives, or every defect it tells."""
    try:
        return read_rpls(path, annee=2026, **options)
    except DataError as error:
        return [(a, tuple(a.lignes)) for a in error.anomalies]


def assert_same(one: ParcRpls | list[object], other: ParcRpls | list[object]) -> None:
    if not isinstance(one, ParcRpls) or not isinstance(other, ParcRpls):
        assert one == other
        return
    for table in ("logements", "bailleurs", "doublons", "manques", "contingents"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table))
    for what in ("nom", "annee", "disposition", "source", "mobilite", "reparations"):
        assert getattr(one, what) == getattr(other, what)
    assert [tuple(a.lignes) for a in one.reparations] == [tuple(a.lignes) for a in other.reparations]
    assert str(one) == str(other)


@pytest.mark.parametrize("disposition", LAYOUTS)
def test_each_layout_gives_the_same_cells_and_lines(ecrire: Ecrire, tmp_path: Path, disposition: str) -> None:
    declared = {"entete": False, "avant": [["HABITAT DU MANS", "HDM", "1 rue du Port", "05512345600012"]]}
    dirt = {"encodage": "cp1252"} if disposition == "dreal_2018" else {}
    path = ecrire(
        disposition,
        rows(),
        nom="2026_0001_055123456_001.csv" if disposition == "declaration" else "rpls.csv",
        **(declared if disposition == "declaration" else dirt),
    )
    folder = partition_rpls(path, tmp_path / "out").chemin
    for asked in ASKED:
        assert_same(outcome(path, **asked), outcome(folder, **asked))


def test_an_unreadable_cell_refuses_its_landlord_alone_with_the_line_of_the_file(
    ecrire: Ecrire, tmp_path: Path
) -> None:
    lines = rows()
    lines[39]["FINAN"] = "18"  # O1, line 41
    path = ecrire("restreint", lines)
    made = partition_rpls(path, tmp_path / "out")
    (defect,) = made.defauts
    assert (defect.code, defect.ligne, defect.valeur) == ("rpls.FINAN.illisible", 41, "18")
    for asked in ASKED:
        assert_same(outcome(path, **asked), outcome(made.chemin, **asked))
    assert isinstance(outcome(made.chemin, bailleur="O1"), list)
    assert isinstance(outcome(made.chemin, bailleur="O2"), ParcRpls)


def test_beyond_fifty_cells_of_a_kind_are_counted(ecrire: Ecrire, tmp_path: Path) -> None:
    path = ecrire("restreint", [{"MODE": "7"}] * 80)
    *first, rest = partition_rpls(path, tmp_path / "out").defauts
    assert [a.ligne for a in first] == list(range(2, 52))
    assert "30 autres cellules" in rest.message
    assert "52-71" in rest.message


def test_the_same_dossier_is_built(ecrire: Ecrire, tmp_path: Path) -> None:
    path = ecrire("restreint", [r | {"DEPCOM": "72181", **ORGANISMES[i % 2]} for i, r in enumerate(rows(20))])
    folder = partition_rpls(path, tmp_path / "out").chemin
    register = tmp_path / "registre.csv"
    register.write_text("id_reservataire;programme;commune;nb\netat;7;72181;2\n", encoding="utf-8")
    written = []
    for name, source in (("one", path), ("two", folder)):
        parc = read_rpls(source, bailleur="O1", departement="72", annee=2026)
        build_dossier(tmp_path / name, rpls=parc, registre=register, annee=2026)
        written.append({f.name: f.read_bytes() for f in (tmp_path / name).iterdir()})
    assert written[0] == written[1]
    assert "logements.csv" in written[0]


def test_a_sale_is_seen_from_the_other_landlord(ecrire: Ecrire, tmp_path: Path) -> None:
    sold = {**ORGANISMES[1], "IDENT_REP": "1000000000", "SORTIEPATRIM": "2", "MODE": "9", "DEPCOM": "53130"}
    path = ecrire("restreint", [{}, *([{}] * 20), sold])
    folder = partition_rpls(path, tmp_path / "out").chemin
    parc = read_rpls(folder, bailleur="O1", departement="72", annee=2026)
    assert parc.doublons["role"].tolist() == ["acquereur", "vendeur"]
    assert parc.doublons[LIGNE].tolist() == [2, 23]
    assert len(parc.logements) == 21


def test_no_column_about_persons_nor_any_that_does_not_serve_is_kept(ecrire: Ecrire, tmp_path: Path) -> None:
    from pyarrow import parquet

    folder = partition_rpls(ecrire("restreint", rows(10)), tmp_path / "out").chemin
    for part in folder.rglob("*.parquet"):
        names = set(parquet.ParquetFile(part).schema.names)
        assert names.isdisjoint({"NUMAPPT", "IDENT_FISCAL", "REMLOCDATE", "LIBCOM"})


def test_a_broken_file_leaves_nothing(ecrire: Ecrire, tmp_path: Path) -> None:
    good = ecrire("restreint", rows(10), nom="bon.csv")
    bad = ecrire("restreint", rows(30), nom="casse.csv")
    with bad.open("a", encoding="utf-8") as stream:
        stream.write("trop" + ";x" * 120 + "\n")
    with pytest.raises(DataError) as caught:
        partition_rpls([good, bad], tmp_path / "out")
    assert caught.value.code == "fichier.cellules_en_trop"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bon.csv", "casse.csv"]


def test_every_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    one = tmp_path / "un.csv"
    one.write_text("a;b\n1;2\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        partition_rpls([one, tmp_path / "absent.csv"], tmp_path / "out")
    assert caught.value.table["code"].tolist() == ["rpls.disposition_inconnue", "fichier.introuvable"]


def test_a_file_given_twice_is_refused(ecrire: Ecrire, tmp_path: Path) -> None:
    path = ecrire("restreint", rows(10))
    copy = shutil.copy(path, tmp_path / "copie.csv")
    with pytest.raises(DataError) as caught:
        partition_rpls([path, copy], tmp_path / "out")
    assert caught.value.code == "rpls.fichier_en_double"


def test_regional_files_stay_apart_and_both_are_read(ecrire: Ecrire, tmp_path: Path) -> None:
    one = ecrire("restreint", [{"DEPCOM": "72181"}, {"DEPCOM": "72181"}], nom="pdl.csv")
    two = ecrire("restreint", [{"DEPCOM": "59350"}], nom="hdf.csv")
    folder = partition_rpls([one, two], tmp_path / "out").chemin
    assert_same(outcome(two, bailleur="O1"), outcome(folder, bailleur="O1", departement="59"))
    with pytest.raises(DataError) as caught:
        read_rpls(folder, bailleur="O1")
    assert caught.value.code == "rpls.plusieurs_fichiers"


def test_nothing_is_replaced_without_being_asked(ecrire: Ecrire, tmp_path: Path) -> None:
    path = ecrire("restreint", rows(10))
    folder = tmp_path / "out"
    partition_rpls(path, folder)
    with pytest.raises(FluxError) as caught:
        partition_rpls(path, folder)
    assert caught.value.code == "fichier.existe"
    other = tmp_path / "mine"
    other.mkdir()
    (other / "precieux.txt").write_text("à garder", encoding="utf-8")
    with pytest.raises(FluxError):
        partition_rpls(path, other, ecraser=True)
    assert (other / "precieux.txt").exists()
    partition_rpls(ecrire("restreint", rows(3)), folder, ecraser=True)
    assert PartitionRpls.open(folder).table["nb_lignes"].sum() == 3


def test_the_bytes_depend_on_the_file_alone(ecrire: Ecrire, tmp_path: Path) -> None:
    path = ecrire("restreint", rows())
    prints = []
    for name in ("a", "b"):
        folder = partition_rpls(path, tmp_path / name).chemin
        files = sorted(f for f in folder.rglob("*") if f.is_file())
        prints.append([(f.relative_to(folder), hashlib.sha256(f.read_bytes()).digest()) for f in files])
    assert prints[0] == prints[1]


def test_another_folder_is_not_taken_for_one_of_ours(tmp_path: Path) -> None:
    with pytest.raises(FluxError) as caught:
        read_rpls(tmp_path)
    assert caught.value.code == "rpls.pas_decoupe"
    (tmp_path / "index.json").write_text("{", encoding="utf-8")
    with pytest.raises(FluxError) as caught:
        PartitionRpls.open(tmp_path)
    assert caught.value.code == "rpls.pas_decoupe"


def test_without_the_libraries_the_extra_is_named(
    ecrire: Ecrire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(FluxError) as caught:
        partition_rpls(ecrire("restreint", rows(3)), tmp_path / "out")
    assert caught.value.code == "rpls.bibliotheque_absente"
    assert not (tmp_path / "out").exists()


def test_what_it_shows(ecrire: Ecrire, tmp_path: Path) -> None:
    made = partition_rpls(ecrire("restreint", rows(12)), tmp_path / "out")
    assert str(made).startswith("RPLS découpé « out » : 12 lignes")
    assert set(made.table["departement"]) == {"72", "01", "2A", "971", "53", "99", "inconnu"}
    assert set(made.of("72").table["departement"]) == {"72"}
