"""Draw the rights that the financing of each programme has given."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from flux.samples import calibration as cal
from flux.samples.draws import between, whole
from flux.samples.parc import Commune, Programme

COLUMNS = ["id_reservataire", "id_logement", "programme", "commune", "nb", "type_droit", "annee_prevue",
           "contrepartie", "date_debut", "date_fin", "date_remboursement", "mode", "part"]
RESERVATAIRES = ["id_reservataire", "nom", "categorie", "territoire_type", "territoire_code", "gestion"]

Row = tuple[Any, ...]


class Offer(NamedTuple):
    """What a holder gets in a programme: a share of it, or nothing, with this frequency."""

    id_reservataire: str
    contrepartie: str
    part: float
    frequence: float


def right(**cells: Any) -> Row:
    """One row of `reservations`: a droit de suite unless said, absent where not given."""
    return tuple({"type_droit": "suite", **cells}.get(column) for column in COLUMNS)


def cell(row: Row, column: str) -> Any:
    """What a row of `reservations` holds in a column."""
    return row[COLUMNS.index(column)]


def draw_rights(rng: np.random.Generator, programmes: Iterable[Programme], free: Mapping[str, int],
                communes: Iterable[Commune], *, part_etat: float, annee: int) -> Iterator[Row]:
    """Rows of `reservations` alive at some time since `annee` - 1, never more than the free dwellings.

    Parameters
    ----------
    free : dwellings of each programme that can be reserved; a programme not named has none.
    part_etat : share of the stock reserved by the State, agents included, in [0, 0.30]. A programme holds
        30 % of such rights or none, as the share asked for is lacking or not.
    """
    by_code = {commune.code: commune for commune in communes}
    lacking = 0.0
    for p in programmes:
        reservable = left = free.get(p.programme, 0)
        lacking += part_etat * reservable
        etat = lacking >= cal.PART_ETAT * reservable / 2
        lacking -= cal.PART_ETAT * reservable if etat else 0
        repaid = p.annee + between(rng, *cal.DUREES_PRET)
        for offer in _offers(p, by_code[p.commune], etat=etat, repaid=repaid, annee=annee):
            wanted = whole(rng, offer.part * reservable) if rng.random() < offer.frequence else 0
            nb = min(wanted, left)
            left -= nb
            if nb:
                yield right(id_reservataire=offer.id_reservataire, programme=p.programme, commune=p.commune,
                            nb=nb, contrepartie=offer.contrepartie, date_debut=datetime.date(p.annee, 1, 1),
                            **_end(rng, p, offer.contrepartie, repaid=repaid, annee=annee))


def departmental(departement: str) -> list[Row]:
    """The rows of `reservataires` that every bailleur of a département has, named by their categories."""
    named = [("etat_prioritaires", "État, ménages prioritaires", "directe"),
             ("etat_agents", "État, agents civils et militaires", "directe"),
             ("action_logement", "Action Logement Services", "directe"),
             ("departement", "Conseil départemental", "deleguee")]
    return [(key, nom, key, "departement", departement, gestion) for key, nom, gestion in named]


def _offers(p: Programme, commune: Commune, *, etat: bool, repaid: int, annee: int) -> list[Offer]:
    """The rights that a programme of its year and its commune may hold, in the order of service."""
    offers = []
    if etat:
        offers += [Offer("etat_prioritaires", "legal", cal.PART_ETAT_PRIORITAIRES, 1),
                   Offer("etat_agents", "legal", cal.PART_ETAT_AGENTS, 1)]
    if p.annee + cal.DUREE_PEEC >= annee - 1:
        offers.append(Offer("action_logement", "peec", cal.PART_ACTION_LOGEMENT,
                            cal.FREQUENCE_ACTION_LOGEMENT))
    if commune.garant:
        if repaid + cal.PROLONGATION >= annee - 1:
            offers.append(Offer(commune.garant, "garantie", commune.part_garantie, 1))
        offers.append(Offer(commune.garant, "foncier", cal.PART_FONCIER, cal.FREQUENCE_FONCIER))
    if p.annee >= 1990:
        offers.append(Offer("departement", "financement", cal.PART_DEPARTEMENT, cal.FREQUENCE_DEPARTEMENT))
    return offers


def _end(rng: np.random.Generator, p: Programme, contrepartie: str, *, repaid: int,
         annee: int) -> dict[str, datetime.date]:
    """What ends the right: a contract's term, or the repayment, where it is already known, of the loan."""
    if contrepartie == "peec":
        return {"date_fin": datetime.date(p.annee + cal.DUREE_PEEC, 6, 30)}
    if contrepartie == "garantie" and repaid < annee:
        return {"date_remboursement": datetime.date(repaid, between(rng, 1, 12), 1)}
    return {}
