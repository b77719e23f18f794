"""French typography of every text that people read: `scripts/typographie.py` finds nothing, and can find."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def typographie(racine: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("typographie_textes", racine / "scripts" / "typographie.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_text_is_well_set(typographie: ModuleType) -> None:
    found = typographie.every()
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("Le quota est dû: 3", "Le quota est dû : 3"),
        ("Est-ce le bon dossier?", "Est-ce le bon dossier ?"),
        ("une part de 30%", "une part de 30 %"),
        ("le mot «quota» est là", "le mot « quota » est là"),
        ('la règle "échéance" est là', "la règle « échéance » est là"),
        ("la suite...", "la suite…"),
        ("la ligne n°3", "la ligne n° 3"),
        ("le quota , puis la part", "le quota, puis la part"),
        ("le  quota", "le quota"),
    ],
)
def test_each_departure_is_seen_and_its_mending_is_not(
    wrong: str, right: str, typographie: ModuleType
) -> None:
    assert list(typographie.departures(wrong))
    assert not list(typographie.departures(right))


@pytest.mark.parametrize(
    "text", ["the due: 3", "`a: b` est du code", "https://exemple.fr/a:b est une adresse"]
)
def test_english_and_code_are_left_alone(text: str, typographie: ModuleType) -> None:
    assert not list(typographie.departures(text))
