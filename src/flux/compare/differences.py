"""What makes scenarios differ: data, choices, stipulations, hypotheses, law."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from flux.conversion import Quotas
from flux.dossier.convention import Choix, Stipulations
from flux.rendu import glossaire
from flux.rendu.nombres import ABSENT, date, entier

SECTIONS = ("choix", "stipulations", "hypotheses")
Ligne = tuple[str, str, list[str]]
"""Nature, what it is about, what each scenario says of it."""


def differences(quotas: Mapping[str, Quotas]) -> pd.DataFrame:
    """Columns nature, objet, valeur_<scenario>: a row a thing on which the scenarios do not all agree."""
    every = list(quotas.values())
    rows = [
        (nature, objet, *values)
        for nature, objet, values in (*_data(every), *_sections(every), *_law(every), *_supposed(every))
        if len(set(values)) > 1
    ]
    return pd.DataFrame(rows, columns=["nature", "objet", *(f"valeur_{n}" for n in quotas)])


def labels(quotas: Sequence[Quotas]) -> list[str]:
    """A name for each scenario: the date of law and the choices on which they differ, else its rank."""
    ranks = [f"scénario {i}" for i in range(1, len(quotas) + 1)]
    conventions = [q.dossier.convention for q in quotas]
    aspects = [
        [_short(getattr(getattr(c, section), nom)) for c in conventions]
        for section, model in (("choix", Choix), ("stipulations", Stipulations))
        for nom in model.model_fields
    ]
    aspects += [[q.regles.date.isoformat() for q in quotas], [str(c.annee) for c in conventions]]
    told = [values for values in aspects if len(set(values)) > 1]
    made = [", ".join(words) for words in zip(*told, strict=True)]
    return made if made and len(set(made)) == len(made) else ranks


def _short(value: Any) -> str:
    return "aucun" if value is None else glossaire.clean(str(value))


def _data(quotas: Sequence[Quotas]) -> Iterator[Ligne]:
    """The year, the files and the tables."""
    dossiers = [q.dossier for q in quotas]
    yield "donnees", "année", [str(d.convention.annee) for d in dossiers]
    for table in dossiers[0].tables:
        frames = [d.tables[table] for d in dossiers]
        seen: list[pd.DataFrame] = []
        said = []
        for frame in frames:
            rank = next(
                (i for i, other in enumerate(seen) if frame is other or frame.equals(other)), len(seen)
            )
            if rank == len(seen):
                seen.append(frame)
            said.append(f"version {rank + 1} : {entier(len(frame))} lignes")
        yield "donnees", f"table « {table} »", said


def _sections(quotas: Sequence[Quotas]) -> Iterator[Ligne]:
    """Choices, stipulations and written hypotheses, as the annex prints them."""
    for section in SECTIONS:
        models = [getattr(q.dossier.convention, section) for q in quotas]
        for nom in type(models[0]).model_fields:
            values = [getattr(m, nom) for m in models]
            cle = f"{section}.{nom}"
            read = [glossaire.format(cle, v.model_dump() if hasattr(v, "model_dump") else v) for v in values]
            yield section, glossaire.libelle(cle), read


def _law(quotas: Sequence[Quotas]) -> Iterator[Ligne]:
    """The date of the law, and each parameter that changes with it."""
    yield "loi", "droit applicable au", [date(q.regles.date) for q in quotas]
    laws = [{p.cle: p for p in q.regles} for q in quotas]
    for cle in dict.fromkeys(cle for law in laws for cle in law):
        named = next(law[cle].description for law in laws if cle in law)
        values = [
            f"{law[cle].lisible}{' (hypothèse)' if law[cle].hypothese else ''}" if cle in law else ABSENT
            for law in laws
        ]
        yield "loi", named, values


def _supposed(quotas: Sequence[Quotas]) -> Iterator[Ligne]:
    """Sentences that only some of them suppose."""
    for sentence in dict.fromkeys(s for q in quotas for s in q.hypotheses):
        yield "hypotheses", sentence, ["oui" if sentence in q.hypotheses else "non" for q in quotas]
