"""Corruptions of the convention, written as TOML or on a sheet."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from .ecole import ECOLE, GARBAGE, edited, few, never_in_silence, readable, written

TOML = (ECOLE / "convention.toml").read_bytes()
LINES = TOML.decode().splitlines()
SHEET = [
    ["section", "clé", "valeur"],
    ["bailleur", "nom", "Habitat de l'École"],
    ["bailleur", "departement", "00"],
    ["bailleur", "famille", "esh"],
    ["convention", "annee", "2026"],
    ["convention", "date", "01/01/2026"],
    ["hypotheses", "taux_rotation", "0,053"],
    ["choix", "methode", "parc"],
    ["stipulations", "part_etat", "registre"],
]


@few
@given(st.data())
def test_any_bytes_of_the_convention(data: st.DataObject) -> None:
    readable({"convention.toml": edited(TOML, data.draw)})


VALUES = st.one_of(
    st.sampled_from(
        ["1", "-1", "0.073", "1e400", "nan", "inf", "true", "2026-01-01", "0001-01-01", "9999-12-31", "[]",
         "{}", "[1, 2]", '""', '"parc"', '"2026"', "2026", "99999999999999999999", "0x7EA", "07:32:00", "'''",
         "2026-01-01T00:00:00Z", '"\\u0000"', "{a = 1}", "1_0", '"é"']
    ),
    GARBAGE,
)  # fmt: skip


@few
@given(st.data())
def test_any_value_of_the_convention(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        key, equals, _ = lines[at].partition("=")
        lines[at] = f"{key}= {data.draw(VALUES)}" if equals else data.draw(GARBAGE)
    readable({"convention.toml": "\n".join(lines).encode("utf-8", errors="surrogatepass")})


@few
@given(st.data())
def test_any_cell_of_the_sheet_of_the_convention(data: st.DataObject) -> None:
    rows = [list(row) for row in SHEET]
    for _ in range(data.draw(st.integers(1, 3))):
        row = rows[data.draw(st.integers(0, len(rows) - 1))]
        row[data.draw(st.integers(0, 2))] = data.draw(st.one_of(GARBAGE, VALUES))
    readable({"convention.csv": written(rows).encode("utf-8", errors="surrogatepass")})


@few
@given(st.sampled_from(["utf-16", "utf-16-le", "cp1252", "cp850", "utf-7", "utf-32"]))
def test_any_encoding_of_the_convention_is_never_silent(encoding: str) -> None:
    never_in_silence({"convention.toml": TOML.decode().encode(encoding, errors="replace")})
