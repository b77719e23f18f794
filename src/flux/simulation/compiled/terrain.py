"""A year as bare arrays for compiled code: thresholds are computed here, once, by NumPy."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np

from flux.simulation.compiled.libere import Tirage
from flux.simulation.droits import Periodes
from flux.simulation.sequence import UNITE
from flux.simulation.tirages import ROWS, Entiers, Places, Reels, Usage, entiers, seuil
from flux.simulation.vecu import GENRES, Annee

Tableaux = TypeVar("Tableaux", bound=tuple[Any, ...])


class Terrain(NamedTuple):
    """What the vacancies of a year become.

    segment : of each dwelling. soustraits, echecs, refus : thresholds of each segment. comptees : as in
    `Parc`. soustraction, issue, droit, orientation : numbers from which those of a vacancy are made, by use.
    strate, genre, plan : of each segment; plan in the columns of its strate, shape (segments, E).
    largeurs : holders of each strate, shape (S,). parts : as in `Strates`, and cumul : thresholds of their
    sums, shape (S, E). cases : as in `regles`, before anything is given, shape (S, E, 4).
    bailleur, genres : the last holder; number of kinds of dwellings.
    """

    tirage: Tirage
    droits: Periodes
    segment: Places
    soustraits: Entiers
    echecs: Entiers
    refus: Entiers
    comptees: Places
    soustraction: np.uint64
    issue: np.uint64
    droit: np.uint64
    orientation: np.uint64
    strate: Places
    genre: Places
    plan: Reels
    largeurs: Places
    parts: Reels
    cumul: Entiers
    cases: Places
    bailleur: int
    genres: int


def make_terrain(annee: Annee, seed: int) -> Terrain:
    """The arrays of a year."""
    parc, strates = annee.parc, annee.strates

    def state(usage: Usage, *places: int) -> np.uint64:
        return np.uint64(entiers(seed, usage, *places)[0])

    sizes = np.diff(parc.debuts) * parc.essais
    wide = np.maximum(np.ceil(np.sqrt(sizes)).astype(np.int64), ROWS)
    tirage = Tirage(
        taux=state(Usage.TAUX),
        nombre=state(Usage.NOMBRE, parc.annee),
        logement=state(Usage.LOGEMENT, parc.annee),
        jour=state(Usage.JOUR, parc.annee),
        lois=parc.lois.astype(np.uint64),
        loi=parc.loi,
        seuils=parc.seuils,
        places=parc.places,
        membres=parc.membres,
        debuts=parc.debuts,
        larges=wide.astype(np.uint64),
        hauts=np.maximum(-(-sizes // wide), ROWS).astype(np.uint64),
        tailles=sizes.astype(np.uint64),
        jours=parc.seuils_jours,
    )
    strate = np.zeros(len(parc.flux), np.int64)
    strate[parc.segment] = strates.strate[parc.commune]
    plan = np.append(annee.plan, np.zeros((len(annee.plan), 1)), axis=1)
    first = np.ceil(1.0 / np.maximum(strates.parts, 1.0 / UNITE))
    whole = (strates.parts * UNITE).astype(np.int64)
    return bare(Terrain(
        tirage=tirage,
        droits=parc.droits.periodes,
        segment=parc.segment,
        soustraits=parc.soustraits,
        echecs=parc.echecs,
        refus=parc.refus,
        comptees=parc.comptees.astype(np.int64),
        soustraction=state(Usage.SOUSTRACTION),
        issue=state(Usage.ISSUE),
        droit=state(Usage.DROIT),
        orientation=state(Usage.ORIENTATION),
        strate=strate,
        genre=annee.genre,
        plan=np.take_along_axis(plan, strates.porteurs[strate], axis=1),
        largeurs=(whole > 0).sum(axis=1),
        parts=strates.parts,
        cumul=seuil(np.cumsum(strates.parts, axis=1)),
        cases=np.stack([strates.porteurs, whole, np.zeros_like(whole), first.astype(np.int64)], axis=-1),
        bailleur=len(parc.porteurs) - 1,
        genres=GENRES,
    ))


def bare(one: Tableaux) -> Tableaux:
    """The same tuple with arrays of its own, writable and in one piece: one kind, one compilation."""
    fields: list[Any] = []
    for value in one:
        if isinstance(value, np.ndarray):
            fields.append(np.array(value, order="C"))
        else:
            fields.append(bare(value) if isinstance(value, tuple) else value)
    return type(one)(*fields)
