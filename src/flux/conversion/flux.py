"""The annual flow: expected vacancies less subtracted dwellings, by segment, scaled to whole dwellings."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from flux.conversion.assiette import Classement
from flux.conversion.exact import estimate, half_up, of, spread, total
from flux.conversion.rotation import Rotation
from flux.conversion.segments import described, segment_columns
from flux.conversion.soustractions import Soustractions, subtract
from flux.dossier import Dossier
from flux.loi import Regles
from flux.noyau.provenance import step
from flux.rendu.nombres import entier

Segment = tuple[Hashable, ...]
"""Values of the columns of a segment."""


@dataclass(frozen=True)
class Flux:
    """The flow of the year.

    segments : the columns of a segment (`segment_columns`) and nb_logements, one row a segment
    liberations, soustraits, net, premieres, a_partager : aligned on `segments`
    net_total : F, the carried remainder of last year included
    entier : F*, whole dwellings to share (first lettings included under `dans_le_flux`)
    report : F − F*, carried to the next year
    echelle : F* over the sum of the segments' net flows
    """

    segments: pd.DataFrame
    liberations: tuple[Fraction, ...]
    soustraits: tuple[Fraction, ...]
    net: tuple[Fraction, ...]
    premieres: tuple[Fraction, ...]
    a_partager: tuple[Fraction, ...]
    net_total: Fraction
    report_anterieur: Fraction
    entier: int
    echelle: Fraction
    soustractions: Soustractions
    hypotheses: tuple[str, ...]

    @property
    def report(self) -> Fraction:
        """F − F*: what the rounding of the whole flow leaves to the next year."""
        return self.net_total + total(self.premieres) - self.entier

    def by_commune(self, values: tuple[Fraction, ...]) -> dict[str, Fraction]:
        """Sums of `values` by commune, sorted by code."""
        out: dict[str, Fraction] = {}
        for commune, value in zip(self.segments["commune"], values, strict=True):
            out[commune] = out.get(commune, Fraction(0)) + value
        return out

    def by_commune_qpv(self) -> dict[tuple[str, bool], Fraction]:
        """Flow to share by commune and by QPV."""
        out: dict[tuple[str, bool], Fraction] = {}
        for commune, qpv, value in zip(
            self.segments["commune"], self.segments["qpv"], self.a_partager, strict=True
        ):
            out[commune, bool(qpv)] = out.get((commune, bool(qpv)), Fraction(0)) + value
        return out

    @property
    def table(self) -> pd.DataFrame:
        """`quotas.flux` of the contract."""
        liberations = [float(v) for v in self.liberations]
        return self.segments.assign(
            taux_rotation=[
                v / n if n else 0.0 for v, n in zip(liberations, self.segments["nb_logements"], strict=True)
            ],
            liberations=liberations,
            soustraits=[float(v) for v in self.soustraits],
            flux_net=[float(v) for v in self.net],
            flux_a_partager=[float(v) for v in self.a_partager],
        )


def annual_flow(dossier: Dossier, regles: Regles, classement: Classement, rotation: Rotation) -> Flux:
    """F = Σ over segments of max(0, vacancies − subtracted); F* = F to the nearest integer, half up.

    Every exact flow is scaled by F*/F so that segments, dues, quotas and plan add up to the same F*;
    F − F* is carried to the next year and belongs to no holder.
    """
    premieres = first_lettings(dossier)
    segments, liberations, hypotheses = _vacancies(dossier, classement, rotation, premieres)
    soustractions = subtract(dossier, regles, rotation, segments, liberations)
    soustraits = soustractions.of_segments(len(segments))
    net = [max(Fraction(0), v - s) for v, s in zip(liberations, soustraits, strict=True)]
    carried = _carried(dossier)
    net_total = total(net) + carried
    relet = max(0, half_up(net_total)) if total(net) else 0
    echelle = Fraction(relet) / total(net) if relet else Fraction(0)
    keys = segments[segment_columns(dossier)].itertuples(index=False)
    first = [premieres.get(tuple(key), Fraction(0)) for key in keys]
    return Flux(
        segments=segments,
        liberations=tuple(liberations),
        soustraits=tuple(soustraits),
        net=tuple(net),
        premieres=tuple(first),
        a_partager=tuple(v * echelle + f for v, f in zip(net, first, strict=True)),
        net_total=net_total,
        report_anterieur=carried,
        entier=relet + int(total(first)),
        echelle=echelle,
        soustractions=soustractions,
        hypotheses=(*hypotheses, *soustractions.hypotheses),
    )


def first_lettings(dossier: Dossier) -> dict[Segment, Fraction]:
    """First lettings that the parties put in the flow (`premieres_locations = dans_le_flux`), by segment."""
    out: dict[Segment, Fraction] = {}
    if dossier.convention.choix.premieres_locations != "dans_le_flux":
        return out
    rows = delivered(dossier)
    rows = described(rows.assign(annee_construction=rows["date_mise_service"].dt.year, fragilite=np.nan))
    rows["qpv"] = rows["qpv"].astype(bool)
    for *key, nb in rows[[*segment_columns(dossier), "nb"]].itertuples(index=False):
        out[tuple(key)] = out.get(tuple(key), Fraction(0)) + int(nb)
    return out


def delivered(dossier: Dossier) -> pd.DataFrame:
    """Programmes let first in the year; what they do not say is named, never guessed."""
    year = dossier.livraisons["date_mise_service"].dt.year
    rows: pd.DataFrame = dossier.livraisons.loc[year == dossier.convention.annee]
    return rows.assign(
        qpv=rows["qpv"].fillna(False),
        typologie=rows["typologie"].fillna("non renseigné"),
        financement=rows["financement"].fillna("non renseigné"),
    )


@step("logements × taux de rotation (décimale de 12 chiffres)", signe="×")
def expected_vacancies(nb_logements: Fraction, taux_rotation: Fraction) -> Fraction:
    """Expected vacancies of `nb_logements` dwellings at `taux_rotation` a year: an estimate, of 12 digits."""
    return estimate(nb_logements * taux_rotation)


Attendus = dict[tuple[str, str], Fraction]


def _vacancies(
    dossier: Dossier,
    classement: Classement,
    rotation: Rotation,
    premieres: Mapping[Segment, Fraction],
) -> tuple[pd.DataFrame, list[Fraction], list[str]]:
    """Expected vacancies by segment: dwellings × the rate of their group, or the landlord's forecast.

    The estimate is made by commune × rotation group, then shared among its segments as their dwellings,
    so that the sums by commune are exactly what `expected_vacancies` says.
    """
    columns = segment_columns(dossier)
    base = described(dossier.logements.loc[classement.dans_assiette])[columns]
    base = base.assign(qpv=base["qpv"].astype(bool), groupe=rotation.groupe.loc[base.index])
    expected: dict[Segment, Fraction] = {key: Fraction(0) for key in premieres}
    nb: dict[Segment, int] = dict.fromkeys(premieres, 0)
    counts = base.groupby(["groupe", *columns], sort=True).size()
    cells = zip(counts.index, (int(n) for n in counts), strict=True)
    for (groupe, _), rows in itertools.groupby(cells, key=lambda cell: cell[0][:2]):
        keys_and_counts = [(key[1:], count) for key, count in rows]
        attendu = expected_vacancies(Fraction(sum(n for _, n in keys_and_counts)), rotation.taux[str(groupe)])
        shares = spread(attendu, [Fraction(n) for _, n in keys_and_counts])
        for (key, count), share in zip(keys_and_counts, shares, strict=True):
            nb[key] = nb.get(key, 0) + count
            expected[key] = expected.get(key, Fraction(0)) + share
    keys = sorted(expected)
    segments = pd.DataFrame(keys, columns=columns).assign(nb_logements=[nb[k] for k in keys])
    segments["qpv"] = segments["qpv"].astype(bool)
    forecast = dossier.convention.hypotheses.liberations_prevues
    if forecast is None:
        return segments, [expected[k] for k in keys], list(rotation.hypotheses)
    weights = [expected[k] for k in keys]
    if not total(weights):
        weights = [Fraction(nb[k]) for k in keys]
    said = [
        f"Libérations prévues par le bailleur : {entier(forecast)}, réparties comme la rotation passée "
        "ou, à défaut, comme le parc."
    ]
    return segments, _by_place(estimate(forecast), segments["commune"], weights), said


def _by_place(whole: Fraction, communes: pd.Series, weights: list[Fraction]) -> list[Fraction]:
    """Share `whole` as `weights`, among communes first: what a commune has depends on no other detail."""
    places = [list(rows) for _, rows in itertools.groupby(range(len(weights)), key=communes.iloc.__getitem__)]
    by_place = spread(whole, [total([weights[k] for k in rows]) for rows in places])
    return [
        share
        for amount, rows in zip(by_place, places, strict=True)
        for share in spread(amount, [weights[k] for k in rows])
    ]


def _carried(dossier: Dossier) -> Fraction:
    """The remainder F − F* of last year (row `*` of `soldes`), added before rounding."""
    soldes = dossier.soldes
    rows = soldes.loc[(soldes["id_reservataire"] == "*") & (soldes["annee"] == dossier.convention.annee - 1)]
    return total([of(float(v)) for v in rows["solde"]])
