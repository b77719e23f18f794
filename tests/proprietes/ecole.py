"""The sample cas-ecole with some of its files spoilt, and what may come of it."""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

from flux.conversion import convert
from flux.dossier import Dossier, examine, inventaire, lecture
from flux.dossier.lecture import Examen
from flux.noyau.errors import FluxError, Gravite

ECOLE = Path(__file__).parents[2] / "data" / "samples" / "cas-ecole"
TABLES = sorted(path.stem for path in ECOLE.glob("*.csv"))
Rows = list[list[str]]
# Each example reads a whole dossier: a fifth of what is tried elsewhere.
few = settings(max_examples=settings.default.max_examples // 5)


@cache
def rows_of(table: str) -> tuple[tuple[str, ...], ...]:
    text = (ECOLE / f"{table}.csv").read_text(encoding="utf-8-sig")
    return tuple(map(tuple, csv.reader(io.StringIO(text), delimiter=";")))


def written(rows: Rows, separator: str = ";", end: str = "\n") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator=end).writerows(rows)
    return stream.getvalue()


SOUND = {hashlib.sha256(path.read_bytes()).hexdigest() for path in ECOLE.iterdir()}


def once(function: Any, source_of: Any) -> Any:
    """The same function, that reads each file of the sample once: the others are what is tried."""
    read: dict[Any, Any] = {}

    def remembered(*args: Any) -> Any:
        source = source_of(*args)
        if source.sha256 not in SOUND:
            return function(*args)
        key = (source.fichier, source.sha256)
        if key not in read:
            read[key] = function(*args)
        return read[key]

    return remembered


table_of = once(inventaire.table_of, lambda nom, grille: grille.source)
check = once(lecture.check, lambda texte, table, source: source)
LIMIT = 20
"""Seconds of processor that no example may take."""


def look(files: dict[str, bytes]) -> Examen:
    """The examination of cas-ecole where some files are others; `table.ext` takes the place of the table."""
    started = time.process_time()
    with (
        patch.object(inventaire, "table_of", table_of),
        patch.object(lecture, "check", check),
        tempfile.TemporaryDirectory() as temporary,
    ):
        folder = Path(temporary) / "cas-ecole"
        folder.mkdir()
        for path in ECOLE.iterdir():
            if path.stem not in {Path(name).stem for name in files}:
                (folder / path.name).write_bytes(path.read_bytes())
        for name, content in files.items():
            (folder / name).write_bytes(content)
        examen = examine(folder)
    assert time.process_time() - started < LIMIT
    return examen


def quotas(examen: Examen) -> pd.DataFrame | None:
    """The quotas; None where the conversion says why there are none."""
    assert examen.dossier is not None
    try:
        return convert(examen.dossier).communes
    except FluxError:
        return None


@dataclass(frozen=True)
class Sound:
    """The sample as it is: its dossier, its quotas, what is said of it."""

    dossier: Dossier
    quotas: pd.DataFrame
    codes: frozenset[str]

    def same(self, dossier: Dossier) -> bool:
        """The same data, wherever their lines are: the conversion would give the same quotas."""
        return replace(dossier.convention, origines={}) == replace(
            self.dossier.convention, origines={}
        ) and all(
            table.drop(columns="_ligne").equals(dossier.tables[nom].drop(columns="_ligne"))
            for nom, table in self.dossier.tables.items()
        )


@cache
def sound() -> Sound:
    examen = look({})
    result = quotas(examen)
    assert result is not None and examen.dossier is not None
    return Sound(examen.dossier, result, frozenset(a.code for a in examen.anomalies))


def refused(examen: Examen) -> bool:
    """True when it is refused: then every defect says where, what, in French."""
    blocking = [a for a in examen.anomalies if a.gravite is Gravite.BLOQUANT]
    assert (examen.dossier is None) == bool(blocking)
    for a in examen.anomalies:
        assert a.message and "Traceback" not in str(a)
        assert a.fichier or "autres" in a.message or a.code.endswith("table_absente")
    return bool(blocking)


def same_or_refused(files: dict[str, bytes]) -> None:
    """It is refused, or its quotas are those of the sample."""
    examen = look(files)
    if not refused(examen) and not sound().same(examen.dossier):
        pd.testing.assert_frame_equal(quotas(examen), sound().quotas)


def never_in_silence(files: dict[str, bytes]) -> None:
    """It is refused, by the reading or the conversion, or its quotas are the sample's, or it is said."""
    examen = look(files)
    if refused(examen) or sound().same(examen.dossier):
        return
    result = quotas(examen)
    if result is not None and not result.equals(sound().quotas):
        new = {a.code for a in examen.anomalies} - sound().codes
        assert new, "a figure has changed and nothing was said"


def readable(files: dict[str, bytes]) -> None:
    """It is refused, or it is read and what follows works or says why not."""
    examen = look(files)
    if not refused(examen) and not sound().same(examen.dossier):
        quotas(examen)


def edited(content: bytes, draw: Any) -> bytes:
    """Bytes replaced, inserted, taken away; sometimes the end is cut."""
    for _ in range(draw(st.integers(0, 4))):
        start, length = draw(st.integers(0, max(0, len(content) - 1))), draw(st.integers(0, 30))
        content = content[:start] + draw(st.binary(max_size=4)) + content[start + length :]
    if draw(st.booleans()):
        content = content[: draw(st.integers(0, len(content)))]
    return content


GARBAGE = st.one_of(
    st.sampled_from(
        ["", " ", "?", "NA", "s", "0", "-1", "9999", "1e999", "1e9", "9" * 400, "1.1144e+006", "=1+1",
         "#REF!", "#N/A", '"', ";", "\x00", "\x1b[31m", "\u200b", "\ufeff", "31/02/2025", "01/01/1900",
         "T9", "PLUSS", "00002", "tous", "'", "=HYPERLINK(1)", "nan", "None", "inf", "1,5", "12,5 %",
         "- 3", "𝟙", "٣"]
    ),
    st.text(max_size=6),
)  # fmt: skip
