"""The programme as a text that any solver reads: `lp` to be read by people, `mps` by machines."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from flux.noyau.solveur.direct import hand_over, new_highs
from flux.noyau.solveur.programme import Floats, Programme

LONGEST = 200  # some readers of .lp stop at 255 characters


def model_text(programme: Programme, costs: Floats, forme: Literal["lp", "mps"] = "lp") -> str:
    """One stage of the programme, with names that every reader takes: ASCII, no space, none twice.

    Parameters
    ----------
    costs : cost of each column, in the order of `programme.keys`.
    """
    highs = new_highs()
    hand_over(highs, programme, costs)
    lp = highs.getLp()
    lp.col_names_, lp.row_names_ = readable(programme.keys), readable(programme.names)
    highs.passModel(lp)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"flux.{forme}"
        highs.writeModel(str(path))
        return path.read_text(encoding="utf-8")


def readable(names: Sequence[str]) -> list[str]:
    """Names without accents nor signs, a number added where two would be the same."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        plain = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:LONGEST]
        plain = plain if re.match(r"[A-DF-Za-df-z]", plain) else f"n_{plain}"  # "e12" would be a number
        seen[plain] = seen.get(plain, 0) + 1
        out.append(plain if seen[plain] == 1 else f"{plain}__{seen[plain]}")
    return out
