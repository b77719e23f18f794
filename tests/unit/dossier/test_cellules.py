"""The readers of one cell."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux.dossier import cellules as c


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1234,5", "1234.5"),
        ("1234.5", "1234.5"),
        ("1 234,5", "1234.5"),
        ("1\u00a0234", "1234"),
        ("1\u202f234", "1234"),
        ("12,5 %", "0.125"),
        ("12,5%", "0.125"),
        ("-3", "-3"),
        (",5", "0.5"),
        ("5,", "5"),
        ("1.1144e+006", "1114400"),
    ],
)
def test_numbers(written, value):
    assert c.decimal(written) == Decimal(value)
    assert Fraction(repr(c.nombre(written).valeur)) == Fraction(value)


@pytest.mark.parametrize("written", ["", "abc", "1,2,3", "1.234,5", "12 €", "nan", "inf", "1e999", "%"])
def test_what_is_no_number(written):
    with pytest.raises(ValueError):
        c.nombre(written)


@pytest.mark.parametrize(("written", "value"), [("3", 3), ("10.0", 10), ("1 000", 1000), ("-2", -2)])
def test_whole_numbers(written, value):
    assert c.entier(written).valeur == value


@pytest.mark.parametrize("written", ["1,5", "10 %", "trois", "1e30"])
def test_what_is_no_whole_number(written):
    with pytest.raises(ValueError):
        c.entier(written)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("oui", True),
        ("Oui", True),
        ("1", True),
        ("TRUE", True),
        ("vrai", True),
        ("non", False),
        ("0", False),
        ("false", False),
    ],
)
def test_yes_and_no(written, value):
    assert c.booleen(written).valeur is value


def test_two_is_no_for_rpls_only():
    assert c.qpv("2").valeur is False and c.qpv("2").repair == c.QPV_RPLS
    with pytest.raises(ValueError):
        c.booleen("2")


@pytest.mark.parametrize(
    ("written", "first", "last", "repaired"),
    [
        ("31/12/2025", date(2025, 12, 31), date(2025, 12, 31), False),
        ("2025-12-31", date(2025, 12, 31), date(2025, 12, 31), False),
        ("2025-12-31 00:00:00", date(2025, 12, 31), date(2025, 12, 31), False),
        ("02/2024", date(2024, 2, 1), date(2024, 2, 29), True),
        ("2024", date(2024, 1, 1), date(2024, 12, 31), True),
    ],
)
def test_dates(written, first, last, repaired):
    begin, end = c.date_debut(written), c.date_fin(written)
    assert (begin.valeur, end.valeur) == (first, last)
    assert (begin.repair is not None) is repaired and (end.repair is not None) is repaired


@pytest.mark.parametrize("written", ["31/02/2025", "13/2025", "24", "demain", "2025-13-01"])
def test_what_is_no_date(written):
    with pytest.raises(ValueError):
        c.date_fin(written)


@pytest.mark.parametrize(
    ("written", "code", "repair"),
    [
        ("72181", "72181", None),
        ("2A004", "2A004", None),
        ("2a004", "2A004", c.CODE_RETOUCHE),
        ("1004", "01004", c.ZERO_RENDU),
        ("1004.0", "01004", c.ZERO_RENDU),
        ("72181.0", "72181", c.CODE_RETOUCHE),
        ("97105", "97105", None),
    ],
)
def test_codes_of_communes(written, code, repair):
    assert c.commune(written) == c.Lu(code, repair)


@pytest.mark.parametrize("written", ["Le Mans", "721811", "7A181", "12", "2C004"])
def test_what_is_no_code(written):
    with pytest.raises(ValueError):
        c.commune(written)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("T1", "T1"),
        ("t3", "T3"),
        ("T5+", "T5+"),
        ("T5", "T5+"),
        ("5", "T5+"),
        ("6", "T5+"),
        ("9", "T5+"),
        ("3", "T3"),
        ("F4", "T4"),
        ("5 et plus", "T5+"),
        ("3.0", "T3"),
    ],
)
def test_typologies(written, value):
    assert c.typologie(written).valeur == value


@pytest.mark.parametrize("written", ["0", "T0", "T3+", "studio", "10"])
def test_what_is_no_typologie(written):
    with pytest.raises(ValueError):
        c.typologie(written)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("PLAI", "PLAI"),
        ("plus", "PLUS"),
        ("11", "PLAI"),
        ("13", "PLUS"),
        ("52", "PLUS"),
        ("17", "PLS"),
        ("16", "PLI"),
        ("54", "AUTRE"),
        ("autre", "AUTRE"),
    ],
)
def test_financements(written, value):
    assert c.financement(written).valeur == value


def test_labels_as_names():
    assert c.cle(" Id Logement ") == "id_logement"
    assert c.cle("Réservé") == "reserve"
    assert c.cle("T5+") == "t5+"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**8), max_value=10**8))
def test_a_number_written_by_us_is_read_again(number):
    assert c.decimal(str(number).replace(".", ",")) == number


@given(st.dates())
def test_a_date_written_by_us_is_read_again(day):
    assert c.date_debut(f"{day:%d}/{day:%m}/{day.year:04d}").valeur == day
    assert c.date_fin(day.isoformat()).valeur == day


@given(st.text())
def test_readers_read_or_refuse(text):
    """Never another error than ValueError, whatever is in the cell."""
    for lire in (
        c.nombre,
        c.entier,
        c.booleen,
        c.qpv,
        c.date_debut,
        c.date_fin,
        c.commune,
        c.typologie,
        c.financement,
    ):
        with contextlib.suppress(ValueError):
            lire(text)


@pytest.mark.parametrize("written", ["x", "X", " x "])
@pytest.mark.parametrize("reader", [c.booleen, c.qpv])
def test_a_cross_is_yes_and_said(reader, written):
    read = reader(written)
    assert read.valeur is True and read.repair is c.COCHE


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("30/02/2026", "02/2026 a 28 jours"),
        ("29/02/2024", ""),
        ("2026-04-31", "04/2026 a 30 jours"),
        ("00/01/2026", "Le jour 0"),
        ("01/13/2026", "Le mois 13"),
        ("13/2026", "Le mois 13"),
        ("2026-13-01 00:00:00", "Le mois 13"),
        ("1/2/26", "quatre chiffres"),
        ("31-04-2026", "04/2026 a 30 jours"),
        ("01/01/0000", ""),
        ("hier", ""),
    ],
)
def test_why_a_date_is_none(written, said):
    assert said in c.remede_date(written) and bool(said) == bool(c.remede_date(written))


@given(st.text(max_size=12))
def test_a_remedy_never_fails(text):
    for remedy in (c.remede_date, c.remede_typologie, c.remede_commune):
        assert isinstance(remedy(text), str)
