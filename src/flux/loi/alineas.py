"""Which number a paragraph of article L. 441-1 had on a day: the same rule, cited as it was written then."""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files

from flux.loi.modele import Reference


@functools.cache
def alineas() -> Mapping[str, Mapping[dt.date, int]]:
    """The number of each named paragraph since each date; 0 once it is gone."""
    written = tomllib.loads((files("flux.loi") / "alineas.toml").read_text(encoding="utf-8"))
    return {
        name: {dt.date.fromisoformat(day): number for day, number in numbers.items()}
        for name, numbers in written.items()
    }


def number(name: str, day: dt.date) -> int | None:
    """The number of a paragraph on a day; None where it is not known or there was no such paragraph.

    Example: `number("flux", date(2021, 1, 1))` is 35, `number("flux", date(2026, 1, 1))` is 39.
    """
    known = [n for since, n in sorted(alineas()[name].items()) if since <= day]
    return known[-1] or None if known else None


def on_day(reference: Reference, day: dt.date) -> Reference:
    """The reference as one cites it on that day: "CCH, art. L. 441-1, al. 24 à 26"."""
    numbers = [n for name in reference.alineas if (n := number(name, day))]
    if not numbers:
        return reference.model_copy(update={"alineas": ()})
    span = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} à {numbers[-1]}"
    return reference.model_copy(update={"titre": f"{reference.titre}, al. {span}", "alineas": ()})
