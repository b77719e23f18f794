"""A small sound dossier, and the way to spoil it one table at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CONVENTION = """\
[bailleur]
nom = "Habitat d'essai"
departement = "72"
[convention]
annee = 2026
[hypotheses]
taux_rotation = 0.073
"""
TABLES = {
    "logements": "id_logement;commune;qpv;typologie;financement;programme\n"
    "L1;72181;non;T2;PLUS;P1\nL2;72181;oui;T3;PLAI;P1\nL3;72003;non;T5+;PLS;P2\n",
    "reservataires": "id_reservataire;nom;categorie;territoire_type;territoire_code\n"
    "prefet;Préfet;etat_prioritaires;departement;72\nmans;Le Mans;commune;commune;72181\n"
    "als;Action Logement;action_logement;departement;72\narmee;Défense;defense_securite;departement;72\n",
    "reservations": "id_reservataire;id_logement;programme;commune;nb;mode\n"
    "prefet;L1;;;;\nmans;;P1;72181;1;\narmee;L3;;;;\n",
}
Ecrire = Callable[..., Path]


@pytest.fixture
def ecrire(tmp_path: Path) -> Ecrire:
    """Write the dossier, with other tables (text; None: absent) or another convention."""

    def write(*, convention: str | None = CONVENTION, **tables: str | None) -> Path:
        folder = tmp_path / "essai"
        folder.mkdir(exist_ok=True)
        for nom, text in {**TABLES, **tables}.items():
            if text is not None:
                (folder / f"{nom}.csv").write_text(text, encoding="utf-8")
        if convention is not None:
            (folder / "convention.toml").write_text(convention, encoding="utf-8")
        return folder

    return write
