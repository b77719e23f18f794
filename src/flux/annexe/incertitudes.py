"""Rules that were applied here and that no text that was read sets whole: the annex names each of them."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from flux.annexe.selection import STATE
from flux.rendu import glossaire
from flux.rendu.nombres import ABSENT
from flux.rendu.vue import Tableau

if TYPE_CHECKING:
    from flux.conversion import Quotas

# When a rule applies: a condition of `incertitudes.toml`.
CONDITIONS: Mapping[str, Callable[[Quotas], bool]] = {
    "": lambda q: True,
    "soustractions": lambda q: bool(len(q.soustractions)),
    "partages": lambda q: bool(q.dossier.reservations[["part", "ordre"]].notna().any(axis=None)),
    "uniques": lambda q: bool((q.table["nb_uniques"] > 0).any()),
    "livraisons": lambda q: bool(len(q.livraisons)),
    "epci": lambda q: bool(q.table["categorie"].isin(("epci", "ept")).any()),
    "garanties": lambda q: bool(q.droits["contrepartie_garantie"].any()),
    "etat": lambda q: bool(q.table["categorie"].isin(STATE).any()),
    "reductions": lambda q: bool(len(q.reductions)),
    "mixite": lambda q: bool(q.dossier.communes["obligation_25"].fillna(False).any()),
}


@functools.cache
def _rules() -> tuple[Mapping[str, str], ...]:
    data = tomllib.loads((files("flux.annexe") / "incertitudes.toml").read_text(encoding="utf-8"))
    return tuple(data["regles"])


def uncertain(quotas: Quotas) -> Tableau:
    """The parameters of the law that were not read whole, then the deductions and the practices applied."""
    choix = quotas.dossier.convention.choix
    rows = [
        (p.description, p.lisible, str(p.statut.value), p.article)
        for p in quotas.regles
        if p.calcul and p.statut.value != "verifie"
    ]
    for rule in _rules():
        if CONDITIONS[rule.get("si", "")](quotas):
            cle = rule.get("choix", "")
            kept = glossaire.format(f"choix.{cle}", getattr(choix, cle)) if cle else "Règle de cette annexe."
            said = f"Choix « {glossaire.libelle(f'choix.{cle}')} »" if cle else ABSENT
            rows.append((rule["regle"], kept, rule["nature"], said))
    return Tableau(
        cle="sources.non_verifie",
        titre="Règles non vérifiées appliquées ici",
        frame=pd.DataFrame(rows, columns=["regle", "valeur", "fondement", "appui"]),
        colonnes=["regle", "valeur", "fondement", "appui"],
        note="Déduction : tirée des textes lus, sans y être écrite. Usage : pratique sans texte lu.",
    )
