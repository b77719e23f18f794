"""A value without an article, a unit, a date or a status cannot be loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux.loi.lecture import read_fiches
from flux.noyau.errors import RegleError

WHOLE = """
theme = "Un thème"

[part_max]
description = "Part maximale"
unite = "part du flux"
revoir_avant = 2027-06-30

[[part_max.valeurs]]
depuis = 2020-02-22
valeur = 0.30
statut = "verifie"
references = [{ titre = "CCH, art. R. 441-5-2" }]
"""


def read(folder: Path, text: str) -> RegleError:
    (folder / "theme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(RegleError) as caught:
        read_fiches(folder)
    assert caught.value.code == "regle.fichier"
    return caught.value


def test_a_whole_parameter_is_read(tmp_path: Path) -> None:
    (tmp_path / "theme.toml").write_text(WHOLE, encoding="utf-8")
    assert list(read_fiches(tmp_path)) == ["part_max"]


@pytest.mark.parametrize("line", ["unite", "revoir_avant", "depuis", "statut", "references", "valeur"])
def test_nothing_can_be_left_out(tmp_path: Path, line: str) -> None:
    text = "\n".join(x for x in WHOLE.splitlines() if not x.startswith(f"{line} "))
    message = str(read(tmp_path, text))
    assert "theme.toml, [part_max]" in message
    assert f", {line} : champ obligatoire absent" in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('references = [{ titre = "CCH, art. R. 441-5-2" }]', "references = []", "au moins un élément"),
        ('titre = "CCH, art. R. 441-5-2"', 'titre = ""', "ce texte est vide"),
        ("valeur = 0.30", "valeur = 30.0", "entre 0 et 1"),
        ("valeur = 0.30", "valeur = 1", "un nombre décimal"),
        ("valeur = 0.30", "valeur = true", "un nombre décimal"),
        ('unite = "part du flux"', 'unite = "pourcent"', "unite"),
        ('unite = "part du flux"', 'unite = "ans"', "un nombre entier"),
        ('statut = "verifie"', 'statut = "sûr"', "verifie, partiel, non_verifie ou projet"),
        ('statut = "verifie"', 'statut = "verifie"\nautre = 1', "champ inconnu"),
        ("[part_max]", "[part_max", "ce n'est pas du TOML"),
        ('theme = "Un thème"', "", "theme : ce texte est vide"),
        ('5-2" }', '5-2", alineas = ["flu"] }', "alinéa inconnu, « flu »"),
        ('statut = "verifie"', 'statut = "verifie"\njusqu_a = 2019-01-01', "finit après son début"),
        ('"part du flux"', '"jour"', "un texte"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in str(read(tmp_path, WHOLE.replace(old, new)))


def test_dates_go_forward(tmp_path: Path) -> None:
    again = WHOLE[WHOLE.index("[[") :].replace("2020-02-22", "2019-01-01")
    assert "de la plus ancienne" in str(read(tmp_path, WHOLE + again))


def test_a_duration_is_not_negative(tmp_path: Path) -> None:
    text = WHOLE.replace("part du flux", "ans").replace("0.30", "-1")
    assert "pas négatif" in str(read(tmp_path, text))


def test_a_day_of_the_year_is_one(tmp_path: Path) -> None:
    text = WHOLE.replace("part du flux", "jour").replace("0.30", '"31-02"')
    assert "MM-JJ" in str(read(tmp_path, text))


def test_a_key_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "autre.toml").write_text(WHOLE, encoding="utf-8")
    assert "déjà défini ailleurs" in str(read(tmp_path, WHOLE))


def test_every_defect_at_once(tmp_path: Path) -> None:
    (tmp_path / "autre.toml").write_text("[", encoding="utf-8")
    message = str(read(tmp_path, WHOLE.replace("0.30", "3.0")))
    assert "autre.toml" in message
    assert "theme.toml" in message
