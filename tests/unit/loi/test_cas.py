"""The law, case after case, as a jurist reads it in `tests/cas/loi`."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from flux.loi import regles
from flux.noyau.errors import RegleError

CAS = Path(__file__).parents[2] / "cas" / "loi"


def cases() -> list[Any]:
    return [
        pytest.param(cas, id=f"{file.stem}: {cas['nom']}")
        for file in sorted(CAS.glob("*.toml"))
        for cas in tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal).get("cas", [])
    ]


@pytest.mark.parametrize("cas", cases())
def test_the_law_says(cas: dict[str, Any]) -> None:
    if "erreur" in cas:
        with pytest.raises(RegleError) as caught:
            regles(cas["date"])[cas["cle"]]
        assert caught.value.code == cas["erreur"]
        return
    parametre = regles(cas["date"], projets=cas.get("projets", False))[cas["cle"]]
    expected = cas["attendu"]
    if isinstance(expected, Decimal):
        expected = Fraction(expected)
    elif isinstance(expected, list):
        expected = tuple(expected)
    assert parametre.valeur == expected
    assert type(parametre.valeur) is type(expected)
    assert parametre.article == cas["article"]
