"""The declarative checks of a table, without housing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flux.noyau import tables as t
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.types import Lu, Repair, Type, read_column

DOUBLED = Repair("double", "Doublé")


def _read(text: str) -> Lu:
    return Lu(int(text) * 2, DOUBLED) if text.endswith("0") else Lu(int(text))


NUMBER = Type(dtype="Int64", attendu="un nombre", lire=_read)
WORD = Type(dtype=t.TEXTE, attendu="un mot")
TABLE = t.Table(
    "essai",
    (
        t.Colonne(nom="id", type=WORD, requis=True, unique=True, reserves={"*": "tous"}),
        t.Colonne(nom="nb", type=NUMBER, requis=True, valide=lambda x: x < 100, borne="moins de 100"),
        t.Colonne(nom="defaut", type=NUMBER, defaut=7),
    ),
)
SOURCE = Source(fichier="essai.csv", feuille="f")


def texte(**columns: list[str | None]) -> pd.DataFrame:
    frame = pd.DataFrame({nom: pd.Series(values, dtype=t.TEXTE) for nom, values in columns.items()})
    return frame.assign(**{t.LIGNE: pd.array(np.arange(2, len(frame) + 2), dtype="Int64")})


def test_a_sound_table_is_typed_and_completed():
    frame, anomalies = t.check(texte(id=["a", "b"], nb=["1", "2"]), TABLE, SOURCE)
    assert anomalies == []
    assert list(frame.columns) == ["id", "nb", "defaut", "_ligne"]
    assert frame["nb"].tolist() == [1, 2] and frame["defaut"].tolist() == [7, 7]
    assert frame.dtypes.astype(str).to_dict() == TABLE.empty().dtypes.astype(str).to_dict()


def test_no_row_keeps_the_types():
    frame, anomalies = t.check(texte(id=[], nb=[]), TABLE, SOURCE)
    assert (
        anomalies == [] and frame.dtypes.astype(str).to_dict() == TABLE.empty().dtypes.astype(str).to_dict()
    )


@pytest.mark.parametrize(
    ("columns", "code", "line"),
    [
        ({"id": ["a"]}, "essai.nb.colonne_absente", None),
        ({"id": ["a", None], "nb": ["1", "2"]}, "essai.id.vide", 3),
        ({"id": ["a"], "nb": ["x"]}, "essai.nb.illisible", 2),
        ({"id": ["a"], "nb": ["101"]}, "essai.nb.hors_bornes", 2),
        ({"id": ["a", "a"], "nb": ["1", "2"]}, "essai.id.doublon", 3),
        ({"id": ["*"], "nb": ["1"]}, "essai.id.reserve", 2),
        ({"id": ["a"], "nb": ["1"], "inconnue": ["z"]}, "essai.colonne_inconnue", None),
        ({"id": ["a"], "nb": ["10"]}, "essai.nb.double", 2),
    ],
)
def test_each_anomaly(columns, code, line):
    _, [anomaly] = t.check(texte(**columns), TABLE, SOURCE)
    assert (anomaly.code, anomaly.ligne, anomaly.fichier, anomaly.feuille) == (code, line, "essai.csv", "f")


def test_an_unreadable_cell_is_missing_and_not_said_twice():
    frame, [anomaly] = t.check(texte(id=["a"], nb=["x"]), TABLE, SOURCE)
    assert frame["nb"].isna().all() and anomaly.valeur == "x"


def test_an_unreadable_cell_takes_no_default():
    frame, _ = t.check(texte(id=["a", "b"], nb=["1", "1"], defaut=["x", None]), TABLE, SOURCE)
    assert frame["defaut"].isna().tolist() == [True, False]


def test_each_distinct_text_is_read_once():
    calls: list[str] = []
    counted = Type(dtype="Int64", attendu="", lire=lambda text: calls.append(text) or Lu(int(text)))
    values, unread, repairs = read_column(pd.Series(["1", "2", None, "1"] * 1000, dtype=t.TEXTE), counted)
    assert sorted(calls) == ["1", "2"]
    assert values[:2].tolist() == [1, 2] and values[:4].isna().tolist() == [False, False, True, False]
    assert not unread.any() and repairs == []


def test_repairs_are_grouped():
    frame, [anomaly] = t.check(texte(id=["a", "b", "c"], nb=["10", "1", "20"]), TABLE, SOURCE)
    assert frame["nb"].tolist() == [20, 1, 40]
    assert anomaly.gravite is Gravite.INFORMATION and "2 cellules : lignes 2, 4" in anomaly.message


def test_beyond_fifty_the_rest_is_counted():
    found = list(t.at_lines(Anomalie(code="x", message="Faux"), texte(nb=["x"] * 60), pd.Series([True] * 60)))
    assert len(found) == 51 and found[0].ligne == 2 and "10 autres" in found[-1].message


def test_strangers():
    words = pd.Series(["a", None, "c"], dtype=t.TEXTE)
    assert t.strangers(words, {"a"}).tolist() == [False, False, True]


def test_the_text_is_not_changed():
    before = texte(id=["a"], nb=["10"])
    kept = before.copy()
    t.check(before, TABLE, SOURCE)
    pd.testing.assert_frame_equal(before, kept)


def test_words_are_enumerated_in_french():
    assert t.enumerate_fr([]) == ""
    assert t.enumerate_fr(["a"]) == "« a »"
    assert t.enumerate_fr(["a", "b", "c"], " ou ") == "« a », « b » ou « c »"
