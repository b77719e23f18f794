import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from flux.rendu import nombres

NARROW = "\u202f"


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, pd.NaT])
def test_an_absence_is_a_dash(value):
    for write in (nombres.entier, nombres.decimal, nombres.part, nombres.date, nombres.oui_non):
        assert write(value) == "—"


def test_french_separators():
    assert nombres.entier(1234567) == f"1{NARROW}234{NARROW}567"
    assert nombres.decimal(1234.5) == f"1{NARROW}234,50"
    assert nombres.part(0.153) == f"15,3{NARROW}%"
    assert nombres.part(Fraction(159, 1000), 2) == f"15,90{NARROW}%"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.675, "2,68"),
        (Fraction(-5, 1000), "−0,01"),
        (Decimal("0.005"), "0,01"),
        (-0.001, "0,00"),
        (1e-12, "0,00"),
    ],
)
def test_halves_go_up_from_the_written_value_and_zero_has_no_sign(value, expected):
    assert nombres.decimal(value) == expected


def test_numpy_and_python_numbers_read_the_same():
    assert nombres.decimal(np.float64(0.1)) == nombres.decimal(0.1) == "0,10"
    assert nombres.entier(np.int64(3)) == nombres.entier(3.0) == "3"


def test_a_count_that_is_not_whole_is_not_rounded_away():
    assert nombres.entier(2.5) == "2,50"


def test_dates():
    assert nombres.date(dt.date(2026, 1, 31)) == nombres.date(pd.Timestamp(2026, 1, 31)) == "31/01/2026"
    assert nombres.date_longue(dt.date(2026, 1, 1)) == "1er janvier 2026"
    assert nombres.date_longue(dt.date(2026, 3, 11)) == "11 mars 2026"
