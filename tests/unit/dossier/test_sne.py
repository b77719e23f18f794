"""The radiations of the SNE: counts of leases, and nothing about persons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flux.dossier.sne import read_sne_radiations
from flux.noyau.errors import DataError

ENTETE = (
    "NUMERO_UNIQUE;DATE_NAISS_DEMANDEUR;NUMERORPLS;COMMUNE_LOGEMENT_ATTRIB;TYPE_LOGEMENT_ATTRIB;"
    "DATE_SIGNATURE_BAIL;TYPE_RESERVATAIRE;ATTRIBUE_DALO;NB_MENAGE_PRIORITAIRE;NB_Q1_radiation;NB_Q3_radiation;"
    "NB_QPV;NB_HQPV;MODE_MUTATION;ESTANRU;GUICHET_ENREGISTREUR\n"
)
LIGNE = (
    "SECRET;1980;{rpls};72181;{typologie};{bail};Commune;"
    "{dalo};{prio};{q1};{q3};{qpv};{hqpv};{mut};{anru};G\n"
)


def lignes(*rows: dict[str, str]) -> str:
    usual = dict.fromkeys(("dalo", "prio", "q1", "q3", "qpv", "hqpv", "mut", "anru"), "")
    usual |= {"rpls": "1000000001", "typologie": "T3", "bail": "12/03/2025"}
    return "".join(LIGNE.format(**{**usual, **row}) for row in rows)


@pytest.fixture
def ecrire_sne(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: dict[str, str], entete: str = ENTETE, encodage: str = "utf-8") -> Path:
        path = tmp_path / "sne.csv"
        path.write_text(entete + lignes(*rows), encoding=encodage)
        return path

    return write


def test_leases_are_counted_with_what_the_flags_say(ecrire_sne: Callable[..., Path]) -> None:
    read = read_sne_radiations(
        ecrire_sne(
            {"q1": "1", "hqpv": "1"},
            {"q1": "Oui", "hqpv": "Oui"},
            {"dalo": "Oui", "prio": "1", "q3": "1", "qpv": "1"},
            {"prio": "1", "mut": "1"},
            {"anru": "1", "mut": "1", "dalo": "0"},
        )
    )
    counts = read.mouvements
    assert counts["nb"].sum() == 5
    assert counts["nb"].max() == 2
    events = read.evenements
    assert events["nature"].tolist() == ["relocation"] * 3 + ["mutation", "relogement_ru"]
    assert events["priorite"].tolist() == ["autre", "autre", "dalo", "prioritaire", "autre"]
    assert events["quartile"].tolist() == ["q1", "q1", "q234", "inconnu", "inconnu"]
    assert events["qpv"].astype("object").where(events["qpv"].notna(), None).tolist() == [
        False, False, True, None, None,
    ]  # fmt: skip
    assert events["annee"].tolist() == [2025] * 5


def test_columns_about_persons_are_named_and_never_read(ecrire_sne: Callable[..., Path]) -> None:
    read = read_sne_radiations(ecrire_sne({}))
    assert read.non_lues == ("NUMERO_UNIQUE", "DATE_NAISS_DEMANDEUR")
    shown = repr(read) + read._repr_html_() + read.mouvements.to_csv() + str(read.evenements.to_dict())
    assert "SECRET" not in shown
    assert "1980" not in shown
    assert "NUMERO_UNIQUE" in repr(read)
    assert any("GUICHET_ENREGISTREUR" in a.message for a in read.reparations)


def test_without_a_lease_it_is_left_aside_and_said(ecrire_sne: Callable[..., Path]) -> None:
    read = read_sne_radiations(ecrire_sne({}, {"bail": ""}))
    assert len(read.evenements) == 1
    assert [a.ligne for a in read.reparations if a.code == "sne.sans_bail"] == [3]


def test_a_column_that_is_not_there_leaves_its_value_empty(ecrire_sne: Callable[..., Path]) -> None:
    read = read_sne_radiations(
        ecrire_sne({"q1": ""}, entete=ENTETE.replace("NB_Q1_radiation", "A").replace("NB_Q3_radiation", "B"))
    )
    assert read.evenements["quartile"].isna().all()
    assert "sne.quartile_absente" in {a.code for a in read.reparations}


def test_a_flag_that_is_none_is_refused_with_its_place(ecrire_sne: Callable[..., Path]) -> None:
    with pytest.raises(DataError) as caught:
        read_sne_radiations(ecrire_sne({}, {"q1": "peut-être"}))
    row = caught.value.table.iloc[0]
    assert row[["code", "ligne", "colonne"]].tolist() == [
        "sne.NB_Q1_RADIATION.illisible", 3, "NB_Q1_radiation",
    ]  # fmt: skip


def test_another_file_is_no_extract(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_sne_radiations(tmp_path / "x.csv")
    assert caught.value.code == "sne.entete"
