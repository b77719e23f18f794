"""A simulation by compiled code: the arrays that it needs are made once, then batches of runs are lived."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from flux.simulation.compiled.compte import Etiquettes, Nombre, Suivis, count_runs
from flux.simulation.compiled.regles import CODES
from flux.simulation.compiled.terrain import bare, make_terrain
from flux.simulation.mesures import (
    Axes,
    Compte,
    Nombres,
    first_lettings,
    kinds_of,
    months_of_days,
    places_of,
    values_of,
)
from flux.simulation.objectifs import TOUS_PUBLICS, Cibles, Compteur, Faux, judged
from flux.simulation.publics import PUBLICS
from flux.simulation.tirages import Places, Usage, entiers
from flux.simulation.vecu import Annee, Mutations
from flux.simulation.vies import Vies, added

Demandes = dict[tuple[bytes, bytes], tuple[Faux, Faux]]
"""What the targets count: on which dwellings, shape (D,), which publics, shape (P,); each pair once."""


def compiled(
    annees: Sequence[Annee], axes: Axes, cibles: Cibles, seed: int, orientation: str, mutations: Mutations
) -> Callable[[Places], Vies]:
    """What lives a batch of runs: the numbers of `vies.lived` under the rule of that name."""
    demandes: Demandes = {}
    for cible in cibles.cibles:
        for publics in (TOUS_PUBLICS, cible.publics):
            demandes[_key(cible.logements, publics)] = cible.logements, publics
    terrains = [make_terrain(annee, seed) for annee in annees]
    etiquettes = [_etiquettes(annee, axes, rank) for rank, annee in enumerate(annees)]
    # targets are those of the first year
    asked = [demandes if rank == 0 else {} for rank in range(len(annees))]
    suivis = [_suivis(annee, cibles, some, seed) for annee, some in zip(annees, asked, strict=True)]
    alike = [first_lettings(axes, annee, rank) for rank, annee in enumerate(annees)]

    def lived(runs: Places) -> Vies:
        retard = np.zeros((len(runs), len(axes.porteurs) + 1))
        stocks = [_zeros(axes, len(runs), len(some)) for some in asked]
        fluxes = [_zeros(axes, len(runs), len(some)) for some in asked]
        retires = [np.zeros_like(stock.cellules) for stock in stocks]
        for rank, terrain in enumerate(terrains):
            count_runs(terrain, etiquettes[rank], suivis[rank], runs.astype(np.uint64), retard,
                       CODES[orientation], mutations is Mutations.RETIREES, stocks[rank], fluxes[rank],
                       retires[rank])
        counters = [_by_holder(demandes, one[0].demandes) for one in (stocks, fluxes)]
        return Vies(
            added([_compte(*one) for one in zip(stocks, alike, strict=True)]),
            added([_compte(*one) for one in zip(fluxes, alike, strict=True)]),
            np.sum(retires, axis=0, dtype=np.int32),
            judged(cibles, len(runs), counters),
        )

    return lived


def _key(logements: Faux, publics: Faux) -> tuple[bytes, bytes]:
    return logements.tobytes(), publics.tobytes()


def _by_holder(demandes: Demandes, counts: Nombres) -> Compteur:
    place = {key: z for z, key in enumerate(demandes)}
    return lambda logements, publics: counts[:, place[_key(logements, publics)]].astype(np.int64)


def _zeros(axes: Axes, runs: int, demandes: int) -> Nombre:
    holders = len(axes.porteurs)

    def zeros(*shape: int) -> Nombres:
        return np.zeros((runs, *shape), np.int32)

    return Nombre(
        cellules=zeros(len(axes.porteur)),
        genres=zeros(holders, len(axes.genres)),
        mois=zeros(holders, 12 * len(axes.annees)),
        sommes=np.zeros((runs, holders, len(axes.moyennes))),
        connus=zeros(holders, len(axes.moyennes)),
        demandes=zeros(demandes, holders),
    )


def _compte(nombre: Nombre, alike: tuple[Nombres, Nombres]) -> Compte:
    cells, months = nombre.cellules + alike[0], nombre.mois + alike[1]
    return Compte(cells, nombre.genres, months, nombre.sommes, nombre.connus)


def _etiquettes(annee: Annee, axes: Axes, rang_annee: int) -> Etiquettes:
    parc, nb = annee.parc, len(annee.parc.logements)
    debuts, genres = _side_by_side(kinds_of(axes, parc.logements), nb)
    known = values_of(axes, parc.logements)
    return bare(Etiquettes(
        commune=places_of(axes, parc)[parc.commune],
        place=axes.place,
        mois=months_of_days(parc) + 12 * rang_annee,
        debuts=debuts,
        genres=genres,
        valeurs=np.stack(known, axis=1) if known else np.zeros((nb, 0)),
    ))


def _suivis(annee: Annee, cibles: Cibles, demandes: Demandes, seed: int) -> Suivis:
    parc, nb = annee.parc, len(annee.parc.logements)
    masks = np.array([logements for logements, _ in demandes.values()], bool).reshape(-1, nb)
    classes, classe = np.unique(masks, axis=1, return_inverse=True)
    both = [(inside[:, None] & publics).ravel()
            for inside, (_, publics) in zip(classes, demandes.values(), strict=True)]
    debuts, asked = _side_by_side(both, classes.shape[1] * len(PUBLICS))
    cumul = np.stack([cibles.passe.cumul, cibles.plan.cumul])
    return bare(Suivis(
        public=np.uint64(entiers(seed, Usage.PUBLIC)[0]),
        qpv=parc.logements["qpv"].to_numpy(np.int64),
        classe=classe.reshape(-1),
        seuils=np.ceil(np.ldexp(cumul, 53)).astype(np.uint64),
        debuts=debuts,
        demandes=asked,
    ))


def _side_by_side(masks: Sequence[npt.NDArray[np.bool_]], nb: int) -> tuple[Places, Places]:
    """Which masks each of nb things is in, one thing after another, and where each begins."""
    inside = np.array(masks, bool).reshape(-1, nb).T
    return np.concatenate([[0], np.cumsum(inside.sum(axis=1))]), np.nonzero(inside)[1]
