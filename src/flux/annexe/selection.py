"""Whose annex it is: the réservataires that sign a convention, and the communes where their rights bear.

"Une convention […] est conclue entre chaque réservataire et l'organisme bailleur", one a département (CCH,
art. R. 441-5, I). The State is one réservataire with two shares; the parties of an EPCI may sign together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from flux.dossier.appellations import BAILLEUR, Noms
from flux.noyau.errors import FluxError, near_misses

if TYPE_CHECKING:
    from flux.conversion import Quotas
    from flux.dossier import Dossier

ETAT = "etat"
STATE = ("etat_prioritaires", "etat_agents")
OTHERS = "Autres réservataires"
ELSEWHERE = "Autres communes"


class Genre(StrEnum):
    """The kinds of convention: each has its clauses."""

    ENSEMBLE = "ensemble"
    ETAT = "etat"
    ACTION_LOGEMENT = "action_logement"
    COLLECTIVITE = "collectivite"
    MULTIPARTITE = "multipartite"
    AUTRE = "autre"


GENRES = {
    **dict.fromkeys(STATE, Genre.ETAT),
    "action_logement": Genre.ACTION_LOGEMENT,
    **dict.fromkeys(("commune", "epci", "ept", "ville_paris", "departement", "region"), Genre.COLLECTIVITE),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """The réservataires of one convention.

    Attributes
    ----------
    cle : what was asked ("commune_72181", "etat", "247200132"), or several joined by "+".
    nom : what people call them.
    genre : kind of convention.
    idents : the réservataires, in the order of the quotas.
    communes : codes of the communes where they have dues, or of their EPCI.
    """

    cle: str
    nom: str
    genre: Genre
    idents: tuple[str, ...]
    communes: frozenset[str]

    def rows(self, frame: pd.DataFrame, column: str = "id_reservataire") -> pd.DataFrame:
        """The rows of these réservataires."""
        return frame.loc[frame[column].isin(self.idents)]

    def fold(self, frame: pd.DataFrame, summed: Sequence[str]) -> pd.DataFrame:
        """Their rows, then the other réservataires added up in one, then the bailleur: sums are kept.

        What is not in `summed` is absent from the row of the others.
        """
        ours = frame["id_reservataire"].isin(self.idents)
        bailleur = frame["id_reservataire"] == BAILLEUR
        others = frame.loc[~ours & ~bailleur]
        folded = {"id_reservataire": OTHERS, **{c: others[c].dropna().sum() for c in summed}}
        rows = [
            *frame.loc[ours].to_dict("records"),
            *([folded] if len(others) else []),
            *frame.loc[bailleur].to_dict("records"),
        ]
        return pd.DataFrame(rows, columns=list(frame.columns))


def folded(vise: Selection | None, frame: pd.DataFrame, summed: Sequence[str]) -> pd.DataFrame:
    """`frame` as this annex shows it: whole for all the parties, folded for some."""
    return frame if vise is None else vise.fold(frame, summed)


def select(quotas: Quotas, noms: Noms, pour: str | Iterable[str] | None) -> Selection | None:
    """Whose annex `pour` asks for: None, the annex of all the parties.

    Parameters
    ----------
    pour : an `id_reservataire` (either share of the State stands for both), "etat", the code of an EPCI or
        EPT (its holder and its communes: a multipartite convention), or several of them.

    Raises
    ------
    FluxError
        Code "annexe.reservataire_inconnu": nobody of that name, near misses suggested.
    """
    if pour is None:
        return None
    dossier = quotas.dossier
    asked = canonical(dossier, (pour,) if isinstance(pour, str) else pour)
    holders = dossier.reservataires.set_index("id_reservataire")
    idents: set[str] = set()
    communes: set[str] = set()
    for word in asked or ("",):
        found, towns = _resolve(dossier, noms, word)
        idents |= found
        communes |= towns
    rows = quotas.communes
    communes |= set(rows.loc[rows["id_reservataire"].isin(idents), "commune"])
    ordered = tuple(r for r in quotas.table["id_reservataire"] if r in idents)
    categories = [str(holders.loc[r, "categorie"]) for r in ordered]
    genres = {GENRES.get(c, Genre.AUTRE) for c in categories}
    alone = len(ordered) == 1 or genres == {Genre.ETAT}
    return Selection(
        cle="+".join(asked),
        nom=_called(noms, asked, ordered, genres),
        genre=genres.pop() if alone else Genre.MULTIPARTITE,
        idents=ordered,
        communes=frozenset(communes),
    )


def check(dossier: Dossier, pour: Iterable[str]) -> None:
    """Refuse what names nobody, before any work.

    Raises
    ------
    FluxError
        Code "annexe.reservataire_inconnu".
    """
    noms = Noms.of(dossier)
    for word in pour:
        _resolve(dossier, noms, word)


def canonical(dossier: Dossier, pour: Iterable[str]) -> tuple[str, ...]:
    """The same réservataires, by one name each: either share of the State is "etat"."""
    state = _state(dossier)
    return tuple(dict.fromkeys(ETAT if word in state else word for word in pour))


def conventions(dossier: Dossier) -> tuple[str, ...]:
    """What `pour` takes, one a convention: each réservataire once, the State's two shares together."""
    holders = dossier.reservataires
    return tuple(
        dict.fromkeys(
            ETAT if k in STATE else str(r)
            for r, k in zip(holders["id_reservataire"], holders["categorie"], strict=True)
        )
    )


def _resolve(dossier: Dossier, noms: Noms, word: str) -> tuple[set[str], set[str]]:
    """Réservataires that a word names, and the communes that it adds by itself."""
    holders, towns = dossier.reservataires, dossier.communes
    state = _state(dossier)
    if word in state or (word == ETAT and state):
        return state, set()
    if (holders["id_reservataire"] == word).any():
        return {word}, set()
    for level in ("epci", "ept"):
        if level in towns.columns and (towns[level] == word).any():
            inside = set(towns.loc[(towns[level] == word).fillna(False), "commune"])
            local = holders["territoire_code"].isin({word, *inside}) & holders["territoire_type"].isin(
                ("commune", level)
            )
            if local.any():
                return set(holders.loc[local, "id_reservataire"]), inside
    raise _unknown(dossier, noms, word)


def _state(dossier: Dossier) -> set[str]:
    holders = dossier.reservataires
    return set(holders.loc[holders["categorie"].isin(STATE), "id_reservataire"].astype(str))


def _unknown(dossier: Dossier, noms: Noms, word: str) -> FluxError:
    known: dict[str, str] = {}
    for ident in conventions(dossier):
        known |= {ident: ident, noms.reservataire(ident): ident}
    for code, name in noms.territoires.items():
        known |= {code: code, name: code}
    known |= {str(r): str(r) for r in dossier.reservataires["id_reservataire"]}
    close = list(dict.fromkeys(known[k] for k in near_misses(word, known)))
    said = ", ".join(
        f"« {c} » ({noms.reservataire(c) if c in noms.reservataires else noms.territoire(c)})" for c in close
    )
    some = ", ".join(conventions(dossier)[:5])
    return FluxError(
        f"Aucun réservataire « {word} » dans ce dossier. "
        + (f"Vouliez-vous dire {said} ?" if said else f"Identifiants de la table reservataires : {some}…"),
        code="annexe.reservataire_inconnu",
    )


def _called(noms: Noms, asked: Sequence[str], idents: Sequence[str], genres: set[Genre]) -> str:
    if genres == {Genre.ETAT}:
        return noms.reservataire(ETAT)
    return ", ".join(
        noms.reservataire(word) if word in (*idents, ETAT) else noms.territoire(word) for word in asked
    )
