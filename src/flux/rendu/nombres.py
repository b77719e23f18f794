"""French numbers, shares and dates: what people read; nothing here is computed with again."""

from __future__ import annotations

import datetime as dt
import functools
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
from babel.dates import format_date
from babel.numbers import format_decimal

LOCALE = "fr_FR"
ABSENT = "—"
MINUS = "−"  # the sign, not the hyphen
NARROW_SPACE = "\u202f"


def absent(value: Any) -> bool:
    """True for None, NaN, NA and NaT: nothing was said."""
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _rounded(value: Any, nb: int) -> Decimal:
    """`value` at `nb` decimals, half up, from its exact or its written value; never a negative zero."""
    if isinstance(value, Fraction):
        scaled = abs(value) * 10**nb
        whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
        return Decimal(whole if value >= 0 else -whole).scaleb(-nb) + 0
    # numpy scalars write themselves as "np.float64(0.1)": .item() gives back the Python number
    number = value.item() if hasattr(value, "item") else value
    written = number if isinstance(number, Decimal) else Decimal(repr(number))
    return written.quantize(Decimal(1).scaleb(-nb), rounding=ROUND_HALF_UP) + 0


def decimal(value: Any, nb: int = 2) -> str:
    """A number with `nb` decimals: `decimal(1234.5)` -> "1 234,50"; absent -> "—"."""
    return ABSENT if absent(value) else _written(_rounded(value, nb), nb)


@functools.lru_cache(maxsize=1 << 16)  # a matrix by commune writes the same small numbers over and over
def _written(rounded: Decimal, nb: int) -> str:
    pattern = "#,##0" + ("." + "0" * nb if nb else "")
    return str(format_decimal(rounded, format=pattern, locale=LOCALE)).replace("-", MINUS)


def entier(value: Any) -> str:
    """A count: `entier(1234)` -> "1 234"; absent -> "—".

    A value that is not whole keeps its decimals, two at most: rounding it here would hide it.
    """
    if absent(value):
        return ABSENT
    return decimal(value, 0) if value == int(value) else decimal(value, 2)


def combien(nb: Any, nom: str) -> str:
    """How many, and of what, by a noun that takes an "s": `combien(2, "logement")` -> "2 logements"."""
    return f"{entier(nb)} {nom}{'s' if abs(nb) >= 2 else ''}"


def part(value: Any, nb: int = 1) -> str:
    """A share of [0, 1] as a percentage: `part(0.153)` -> "15,3 %"; absent -> "—"."""
    if absent(value):
        return ABSENT
    exact = value if isinstance(value, Fraction) else _rounded(value, 15)
    return decimal(exact * 100, nb) + NARROW_SPACE + "%"


def points(value: Any, nb: int = 1) -> str:
    """A difference between two shares of [0, 1], in points: `points(-0.0123, 2)` -> "−1,23 point".

    A share that moves from 10 % to 11 % gains one point, not one per cent.
    """
    if absent(value):
        return ABSENT
    exact: Any = (value if isinstance(value, Fraction) else _rounded(value, 15)) * 100
    return f"{decimal(exact, nb)} point{'s' if abs(exact) >= 2 else ''}"


def date(value: dt.date | pd.Timestamp | None) -> str:
    """A day: `date(datetime.date(2026, 1, 31))` -> "31/01/2026"; absent -> "—"."""
    return ABSENT if absent(value) else format_date(value, "dd/MM/yyyy", locale=LOCALE)


def date_longue(value: dt.date) -> str:
    """A day in a sentence: "1er janvier 2026", "31 janvier 2026"."""
    text = format_date(value, "d MMMM yyyy", locale=LOCALE)
    return text.replace("1 ", "1er ", 1) if value.day == 1 else text


def oui_non(value: Any) -> str:
    """`True` -> "oui", `False` -> "non", absent -> "—"."""
    return ABSENT if absent(value) else ("oui" if value else "non")
