"""Expected vacancies as figures: by commune for every tree, by segment for whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from flux.conversion.assiette import Classement
from flux.conversion.exact import estimate
from flux.conversion.flux import Flux, expected_vacancies
from flux.conversion.noms import Noms
from flux.conversion.operations import add, constant, leaf, spread_share
from flux.conversion.preuve_rotation import rates
from flux.conversion.rotation import Rotation
from flux.conversion.segments import SEGMENT, described, segment_columns
from flux.dossier import Dossier
from flux.noyau.provenance import Couleur, Figure
from flux.rendu import glossaire

Segment = tuple[Any, ...]
"""commune, qpv, then the other columns of a segment."""


class Liberations:
    """Figures whose values are those of `flux.liberations`, to the last digit, and their sums by commune."""

    def __init__(self, dossier: Dossier, classement: Classement, rotation: Rotation, flux: Flux) -> None:
        self.dossier, self.flux, self.noms = dossier, flux, Noms(dossier)
        self.columns = segment_columns(dossier)
        base = described(dossier.logements.loc[classement.dans_assiette])[[*self.columns, "_ligne"]]
        self._base = base.assign(qpv=base["qpv"].astype(bool), groupe=rotation.groupe.loc[base.index])
        self.rate = rates(dossier, rotation)
        self._segments: dict[int, Figure] = {}
        rows = flux.segments[self.columns].itertuples(index=False)
        self.keys = [(str(row[0]), bool(row[1]), *row[2:]) for row in rows]

    @cached_property
    def base(self) -> Mapping[str, Figure]:
        """Commune -> dwellings of the base."""
        lines = self._base.groupby("commune")["_ligne"].agg(list)
        return {
            c: leaf(
                self.dossier,
                "logements",
                len(lines.get(c, [])),
                f"logements de l'assiette à {self.noms.a(c)}",
                colonne="commune",
                filtre=f"commune = {c}, dans l'assiette",
                lignes=lines.get(c, []),
            )
            for c in sorted(set(self.flux.segments["commune"]))
        }

    @cached_property
    def mailles(self) -> Mapping[tuple[str, str], Figure]:
        """(Commune, rotation group) -> dwellings × rate."""
        cells = self._base.groupby(["commune", "groupe"])["_ligne"].agg(list)
        return {
            (c, groupe): expected_vacancies(
                self._counted(lines, c, groupe),
                self.rate(groupe),
                nom=f"libérations attendues, {self.noms.maille(groupe)}",
            )
            for (c, groupe), lines in zip(cells.index, cells, strict=True)
        }

    @cached_property
    def by_rate(self) -> Mapping[str, Figure]:
        """Commune -> vacancies that the past turnover makes expect."""
        parts: dict[str, list[Figure]] = {c: [] for c in self.base}
        choix = self.noms.choix("segment_rotation", "fenetre_rotation", "lissage")
        for (c, _), figure in self.mailles.items():
            parts[c].append(figure)
        return {
            c: add(*p, nom=f"libérations attendues à {self.noms.a(c)}", choix=choix) if p else self.base[c]
            for c, p in parts.items()
        }

    @cached_property
    def communes(self) -> Mapping[str, Figure]:
        """Commune -> expected vacancies: by the turnover, or the landlord's forecast shared as it."""
        forecast = self.dossier.convention.hypotheses.liberations_prevues
        if forecast is None:
            return self.by_rate
        whole = constant(estimate(forecast), "libérations prévues par le bailleur", couleur=Couleur.HYPOTHESE)
        weights = list((self.by_rate if self._turns else self.base).values())
        return {
            c: spread_share(
                whole,
                *weights,
                rang=rang,
                contexte=len(weights),
                nom=f"libérations attendues à {self.noms.a(c)}",
                calcul="part de la prévision du bailleur, "
                + ("répartie comme la rotation passée" if self._turns else "répartie comme le parc"),
            )
            for rang, c in enumerate(self.base)
        }

    @property
    def _turns(self) -> bool:
        return any(f.valeur for f in self.mailles.values())

    def segment(self, rang: int) -> Figure:
        """Expected vacancies of one segment, by its rank in `flux.segments`."""
        if rang not in self._segments:
            self._segments[rang] = self._of_segment(rang)
        return self._segments[rang]

    def label(self, rang: int) -> str:
        """What a segment is called."""
        commune, qpv, typologie, financement, *finer = self.keys[rang]
        where = "en QPV" if qpv else "hors QPV"
        more = [
            f", {glossaire.libelle(c).lower()} : {glossaire.format(c, v)}"
            for c, v in zip(self.columns[len(SEGMENT) :], finer, strict=True)
        ]
        return (
            f"{self.noms.a(commune)}, {where}, {typologie} {glossaire.format('financement', financement)}"
            + "".join(more)
        )

    def dwellings(self, rang: int) -> Figure:
        """Dwellings of the base in one segment."""
        key = self.keys[rang]
        lines = [n for group in self._fine.get(key, {}).values() for n in group]
        return self._counted(lines, key[0], None, f", {self.label(rang)}")

    def of_commune(self, commune: str) -> list[int]:
        """Ranks of the segments of a commune."""
        return list(self._ranks.get(commune, []))

    @cached_property
    def _ranks(self) -> dict[str, list[int]]:
        out: dict[str, list[int]] = {}
        for rang, key in enumerate(self.keys):
            out.setdefault(key[0], []).append(rang)
        return out

    @cached_property
    def _fine(self) -> dict[Segment, dict[str, list[int]]]:
        """Segment -> rotation group -> lines of its dwellings."""
        out: dict[Segment, dict[str, list[int]]] = {}
        cells = self._base.groupby([*self.columns, "groupe"], sort=True)["_ligne"].agg(list)
        for (*key, groupe), lines in zip(cells.index, cells, strict=True):
            out.setdefault(tuple(key), {})[str(groupe)] = lines
        return out

    @cached_property
    def _sharing(self) -> dict[tuple[str, str], list[Segment]]:
        """(Commune, rotation group) -> its segments, in order."""
        out: dict[tuple[str, str], list[Segment]] = {}
        for key, groups in self._fine.items():
            for groupe in groups:
                out.setdefault((str(key[0]), groupe), []).append(key)
        return out

    def _of_segment(self, rang: int) -> Figure:
        commune = self.keys[rang][0]
        nom = f"libérations attendues, {self.label(rang)}"
        if self.communes is self.by_rate:
            return self._by_rate(rang, nom)
        places = self.of_commune(commune)
        weights = [self._by_rate(k, self.label(k)) if self._turns else self.dwellings(k) for k in places]
        return spread_share(
            self.communes[commune], *weights, rang=places.index(rang), contexte=len(weights), nom=nom
        )

    def _by_rate(self, rang: int, nom: str) -> Figure:
        """The vacancies of each rotation group, shared among its segments there as their dwellings."""
        key = self.keys[rang]
        commune = key[0]
        parts = []
        for groupe in sorted(self._fine.get(key, {})):
            same = self._sharing[commune, groupe]
            counts = [
                self._counted(self._fine[other][groupe], commune, groupe, f", {_said(other)}")
                for other in same
            ]
            parts.append(
                self.mailles[commune, groupe].named(nom)
                if len(same) == 1
                else spread_share(
                    self.mailles[commune, groupe],
                    *counts,
                    rang=same.index(key),
                    contexte=len(counts),
                    nom=f"{nom} ({self.noms.maille(groupe)})",
                    calcul="part des libérations de la maille, selon les logements",
                )
            )
        if not parts:
            return self.dwellings(rang).named(nom)
        return parts[0].named(nom) if len(parts) == 1 else add(*parts, nom=nom)

    def _counted(self, lines: list[int], commune: str, groupe: str | None, what: str = "") -> Figure:
        maille = f", maille de rotation « {groupe} »" if groupe else ""
        name = f"logements de l'assiette, {self.noms.maille(groupe)}" if groupe else "logements de l'assiette"
        return leaf(
            self.dossier,
            "logements",
            len(lines),
            name + what,
            colonne="commune",
            filtre=f"commune = {commune}{maille}{what}",
            lignes=lines,
        )


def _said(key: Segment) -> str:
    """A segment of a commune in a few words."""
    return " ".join(["en QPV" if key[1] else "hors QPV", *map(str, key[2:])])
