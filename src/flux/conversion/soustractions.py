"""Dwellings taken out of the flow before it is shared.

"Ne sont pas pris en compte dans le calcul du flux annuel les logements nécessaires, pour une année
donnée, aux mutations de locataires au sein du parc social du bailleur, aux relogements…"
(CCH, art. R. 441-5, I).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from flux.conversion.exact import estimate, of, spread, total
from flux.conversion.rotation import Rotation
from flux.dossier import Dossier
from flux.loi import Regles
from flux.rendu.nombres import date, decimal, entier

COLUMNS = ["categorie", "commune", "qpv", "etat", "nb", "impute", "non_imputable", "origine"]


@dataclass(frozen=True)
class Soustractions:
    """What each segment loses, by category, and what could not be charged anywhere.

    par_segment : category -> dwellings taken from each segment, in the order of the segments.
    table : the columns of the contract, and `origine` (dossier, hypothese).
    """

    par_segment: dict[str, list[Fraction]]
    table: pd.DataFrame
    hypotheses: tuple[str, ...]
    avertissements: tuple[str, ...]

    def of_segments(self, nb: int) -> list[Fraction]:
        """Dwellings taken from each of the `nb` segments, all categories together."""
        return [total([values[k] for values in self.par_segment.values()]) for k in range(nb)]


@dataclass(frozen=True)
class _Row:
    categorie: str
    commune: str | None
    qpv: bool | None
    nb: Fraction
    origine: str

    @property
    def specificity(self) -> int:
        return (self.commune is not None) * 2 + (self.qpv is not None)

    def reaches(self, commune: str, qpv: bool) -> bool:
        return self.commune in (None, commune) and self.qpv in (None, qpv)


def subtract(
    dossier: Dossier,
    regles: Regles,
    rotation: Rotation,
    segments: pd.DataFrame,
    liberations: Sequence[Fraction],
) -> Soustractions:
    """Charge the year's forecast to the segments, in proportion to their expected vacancies, capped at them.

    The most precise rows are charged first (commune and QPV, commune, QPV, none); inside one level
    all rows are served alike, so that their order decides nothing. What passes a segment's vacancies
    is `non_imputable`: reported, carried nowhere.
    """
    rows, hypotheses, avertissements = _forecast(dossier, regles, rotation, total(liberations))
    available = list(liberations)
    cells = list(zip(segments["commune"], segments["qpv"].astype(bool), strict=True))
    charged: dict[str, list[Fraction]] = {r.categorie: [Fraction(0)] * len(cells) for r in rows}
    results: dict[int, Fraction] = {}
    for level in (3, 2, 1, 0):
        here = [(i, r) for i, r in enumerate(rows) if r.specificity == level]
        asked = {
            i: spread(
                r.nb,
                [v if r.reaches(*cell) else Fraction(0) for cell, v in zip(cells, liberations, strict=True)],
            )
            for i, r in here
        }
        wanted = [total([a[k] for a in asked.values()]) for k in range(len(cells))]
        factor = [min(Fraction(1), available[k] / w) if w else Fraction(1) for k, w in enumerate(wanted)]
        for i, r in here:
            taken = [a if f == 1 else estimate(a * f) for a, f in zip(asked[i], factor, strict=True)]
            results[i] = total(taken)
            charged[r.categorie] = [x + t for x, t in zip(charged[r.categorie], taken, strict=True)]
            available = [max(Fraction(0), v - t) for v, t in zip(available, taken, strict=True)]
    records: list[tuple[object, ...]] = []
    for i, r in enumerate(rows):
        lost = r.nb - results[i]
        records.append(
            (
                r.categorie,
                r.commune,
                r.qpv,
                "previsionnel",
                float(r.nb),
                float(results[i]),
                float(lost),
                r.origine,
            )
        )
        if lost:
            avertissements.append(
                f"{decimal(lost)} logement(s) à soustraire "
                f"({r.categorie}{', ' + r.commune if r.commune else ''}) dépassent les libérations "
                "attendues : non imputés."
            )
    records += [
        (c, k, q, "realise", float(n), None, None, "dossier")
        for c, k, q, n in _rows(dossier, dossier.convention.annee - 1, "realise")
    ]
    table = pd.DataFrame(records, columns=COLUMNS)
    table["qpv"] = table["qpv"].astype("boolean")
    return Soustractions(charged, table, tuple(hypotheses), tuple(avertissements))


def _forecast(
    dossier: Dossier, regles: Regles, rotation: Rotation, vacancies: Fraction
) -> tuple[list[_Row], list[str], list[str]]:
    """The year's forecast; failing that, the past share of each nature; failing that, nothing, said."""
    hypotheses: list[str] = []
    notes: list[str] = []
    subtracted = regles.liste("categories_soustraites")
    rows = [
        _Row(c, k, q, of(n), "dossier")
        for c, k, q, n in _rows(dossier, dossier.convention.annee, "previsionnel")
    ]
    for r in [r for r in rows if r.categorie not in subtracted]:
        notes.append(
            f"« {r.categorie} » n'est pas soustrait du flux par la loi en vigueur au "
            f"{date(regles.date)} : {entier(r.nb)} logement(s) laissés dans le flux."
        )
    rows = [r for r in rows if r.categorie in subtracted]
    if rows or len(_rows(dossier, dossier.convention.annee, "previsionnel")):
        return rows, hypotheses, notes
    parts, base = _past_shares(dossier, rotation, hypotheses)
    rows = [
        _Row(nature, None, None, estimate(part * vacancies), "hypothese")
        for nature, part in sorted(parts.items())
        if nature in subtracted and part
    ]
    if rows:
        hypotheses.append(
            "Aucune prévision de logements soustraits pour l'année : part passée des mutations et "
            f"relogements dans les relocations ({base})."
        )
    else:
        notes.append("Ni prévision ni passé de logements soustraits : rien n'est soustrait du flux.")
    return rows, hypotheses, notes


def _past_shares(
    dossier: Dossier, rotation: Rotation, hypotheses: list[str]
) -> tuple[dict[str, Fraction], str]:
    """Past share of each category among relettings; `realise` rows prevail over the movements."""
    parts = dict(rotation.parts_hors_flux)
    relets = sum(int(rotation.table[f"relocations_{a}"].sum()) for a in rotation.annees)
    done: dict[str, Fraction] = {}
    for annee in rotation.annees:
        for categorie, _, _, nb in _rows(dossier, annee, "realise"):
            done[categorie] = done.get(categorie, Fraction(0)) + of(nb)
    for categorie, declared in sorted(done.items()):
        if relets and parts.get(categorie) != declared / relets:
            hypotheses.append(
                f"« {categorie} » : le réalisé déclaré ({entier(declared)}) prévaut sur les mouvements "
                f"({entier(parts.get(categorie, Fraction(0)) * relets)})."
            )
            parts[categorie] = declared / relets
    years = f"{rotation.annees[0]}-{rotation.annees[-1]}" if rotation.annees else "aucune année"
    return parts, years


def _rows(dossier: Dossier, annee: int, etat: str) -> list[tuple[str, str | None, bool | None, int]]:
    """category, commune, QPV (None: not said) and dwellings of the rows of one year."""
    table = dossier.soustractions
    table = table.loc[(table["annee"] == annee) & (table["etat"] == etat)]
    table = table.sort_values(["categorie", "commune", "qpv", "nb"], na_position="last")
    return [
        (str(c), None if pd.isna(k) else str(k), None if pd.isna(q) else bool(q), int(n))
        for c, k, q, n in zip(table["categorie"], table["commune"], table["qpv"], table["nb"], strict=True)
    ]
