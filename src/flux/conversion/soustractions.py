"""Dwellings taken out of the flow before it is shared.

"Pour le calcul du flux annuel […], ne sont pas pris en compte les logements nécessaires, pour une année
donnée, aux mutations de locataires au sein du parc social de l'organisme bailleur et aux relogements de
personnes […]" (CCH, art. R. 441-5, I, al. 5).
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
class Prevision:
    """Dwellings to take, and where: everywhere, in a commune, in or out of QPV.

    part : the past share of the category, where the forecast was made from it.
    """

    categorie: str
    commune: str | None
    qpv: bool | None
    nb: Fraction
    origine: str
    part: Fraction | None = None

    @property
    def specificity(self) -> int:
        """How precise its scope is: the most precise is charged first."""
        return (self.commune is not None) * 2 + (self.qpv is not None)

    def reaches(self, commune: str, qpv: bool) -> bool:
        """True where it takes dwellings."""
        return self.commune in (None, commune) and self.qpv in (None, qpv)


@dataclass(frozen=True)
class Soustractions:
    """What each segment loses, by category, and what could not be charged anywhere.

    previsions : what was to be taken, in the order of `table`.
    par_segment : category -> dwellings taken from each segment, in the order of the segments.
    table : the columns of the contract, and `origine` (dossier, hypothese).
    """

    previsions: tuple[Prevision, ...]
    par_segment: dict[str, list[Fraction]]
    table: pd.DataFrame
    hypotheses: tuple[str, ...]
    avertissements: tuple[str, ...]

    def of_segments(self, nb: int) -> list[Fraction]:
        """Dwellings taken from each of the `nb` segments, all categories together."""
        return [total([values[k] for values in self.par_segment.values()]) for k in range(nb)]


def subtract(
    dossier: Dossier,
    regles: Regles,
    rotation: Rotation,
    segments: pd.DataFrame,
    liberations: Sequence[Fraction],
) -> Soustractions:
    """Charge the year's forecast to the segments, in proportion to their expected vacancies, capped at them.

    The most precise rows are charged first (commune and QPV, commune, QPV, none); rows of one scope are
    served alike, so that their order decides nothing. What passes a segment's vacancies falls on the other
    segments of its commune; what passes the commune's is `non_imputable`: reported, carried nowhere.
    """
    rows, hypotheses, avertissements = _forecast(dossier, regles, rotation, total(liberations))
    room = list(liberations)
    cells = list(zip(segments["commune"], segments["qpv"].astype(bool), strict=True))
    charged: dict[str, list[Fraction]] = {r.categorie: [Fraction(0)] * len(cells) for r in rows}
    imputed = dict.fromkeys(range(len(rows)), Fraction(0))
    for group in by_scope(rows):
        inside = [k for k, cell in enumerate(cells) if rows[group[0]].reaches(*cell)]
        taken = _fill(
            total([rows[i].nb for i in group]),
            [cells[k][0] for k in inside],
            [liberations[k] for k in inside],
            [room[k] for k in inside],
        )
        for k, amount in zip(inside, taken, strict=True):
            room[k] -= amount
            for i, part in zip(group, spread(amount, [rows[i].nb for i in group]), strict=True):
                charged[rows[i].categorie][k] += part
                imputed[i] += part
    records: list[tuple[object, ...]] = []
    for i, r in enumerate(rows):
        lost = Fraction(round(r.nb - imputed[i], 9))
        records.append(
            (
                r.categorie,
                r.commune,
                r.qpv,
                "previsionnel",
                float(r.nb),
                float(imputed[i]),
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
    return Soustractions(tuple(rows), charged, table, tuple(hypotheses), tuple(avertissements))


def by_scope(rows: Sequence[Prevision]) -> list[list[int]]:
    """Ranks of the rows of each scope, the most precise scope first."""
    scopes: dict[tuple[int, str, str], list[int]] = {}
    for i, r in enumerate(rows):
        scopes.setdefault((-r.specificity, str(r.commune or ""), str(r.qpv)), []).append(i)
    return [group for _, group in sorted(scopes.items())]


def _fill(
    nb: Fraction, communes: Sequence[str], weights: Sequence[Fraction], room: Sequence[Fraction]
) -> list[Fraction]:
    """Share `nb` among segments as `weights`, by commune first, never above the room of each."""
    taken = [Fraction(0)] * len(weights)
    by_commune: dict[str, list[int]] = {}
    for k, commune in enumerate(communes):
        by_commune.setdefault(commune, []).append(k)
    asked = spread(nb, [total([weights[k] for k in ks]) for ks in by_commune.values()])
    for share, places in zip(asked, by_commune.values(), strict=True):
        inside = [room[k] for k in places]
        for k, part in zip(
            places, fill(min(share, total(inside)), [weights[k] for k in places], inside), strict=True
        ):
            taken[k] = part
    return taken


def fill(wanted: Fraction, weights: Sequence[Fraction], room: Sequence[Fraction]) -> list[Fraction]:
    """Share `wanted` (all the room at most) as `weights`; what passes the room of one falls on the others."""
    taken = [Fraction(0)] * len(weights)
    active = [k for k, weight in enumerate(weights) if weight and room[k]]
    while active and (left := wanted - total(taken)) > 0:
        for k, part in zip(active, spread(left, [weights[k] for k in active]), strict=True):
            taken[k] += min(part, room[k] - taken[k])
        active = [k for k in active if taken[k] < room[k]]
    return taken


def _forecast(
    dossier: Dossier, regles: Regles, rotation: Rotation, vacancies: Fraction
) -> tuple[list[Prevision], list[str], list[str]]:
    """The year's forecast; failing that, the past share of each nature; failing that, nothing, said."""
    hypotheses: list[str] = []
    notes: list[str] = []
    subtracted = regles.liste("categories_soustraites")
    rows = [
        Prevision(c, k, q, of(n), "dossier")
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
        Prevision(nature, None, None, estimate(part * vacancies), "hypothese", part)
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
