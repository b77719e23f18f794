"""What has happened in the year up to a day: what is counted on each account, leases signed, what is owed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from flux.dossier.vocabulaire import Issue
from flux.rendu import glossaire
from flux.rendu.nombres import entier
from flux.simulation.objectifs import Cible, Cibles
from flux.simulation.passe import PREMIERE, RELOCATION, Passe, one_by_one, recorded
from flux.simulation.politiques import Comptes
from flux.simulation.publics import PUBLICS
from flux.simulation.tirages import Places, Reels
from flux.simulation.vecu import GENRES, Annee

#: Stages that may stand for another: what the convention counts, else the next that the data knows.
ETAPES = ("orientation", "proposition", "attribution", "bail")
PUBLIC_INCONNU = -1
SEUL = np.array([0])  # the past has one run


@dataclass(frozen=True, eq=False)
class Fait:
    """The year up to a day.

    jour : the day, 0 on 1 January. etape : the stage that counts on an account.
    recus : dwellings counted on the account of each holder, shape (H,).
    a_venir : first lettings still to come that count on it (where the parties put them in the flow), (H,).
    comptes : the same by strate, and what each is owed, as the rules of orientation read it: one run.
    porteur, logement, public : of each lease signed, shape (n,); −1 where it is not said.
    hypotheses : French sentences.
    """

    jour: int
    etape: str
    recus: Places
    a_venir: Places
    comptes: Comptes
    porteur: Places
    logement: Places
    public: Places
    hypotheses: tuple[str, ...]

    @property
    def nb(self) -> int:
        """Dwellings counted on some account."""
        return int(self.recus.sum())

    def counted(self, cibles: Cibles) -> tuple[Reels, Reels]:
        """Base and dwellings reached of each target on that day, shapes (O,), beside what is fixed."""
        both = [self._of(cible) for cible in cibles.cibles]
        return np.array([b for b, _ in both]), np.array([r for _, r in both])

    def premieres(self, cibles: Cibles) -> Reels:
        """What first lettings to come will add to each quota, shape (O,)."""
        return np.array([self.a_venir[c.comptes].sum() if c.seul else 0 for c in cibles.cibles], float)

    def _of(self, cible: Cible) -> tuple[float, float]:
        if cible.seul:
            return 0.0, float(self.recus[cible.comptes].sum())
        base = cible.logements[self.logement] & _among(cible.porteurs, self.porteur)
        counts = base & _among(cible.comptes, self.porteur) & _among(cible.publics, self.public)
        return float(base.sum()), float(counts.sum())


def _among(chosen: npt.NDArray[np.bool_], who: Places) -> npt.NDArray[np.bool_]:
    """Whether each is among the chosen; the unknown one is only where all are."""
    return np.where(who >= 0, chosen[who], bool(chosen.all()))


def done(annee: Annee, day: dt.date, seed: int) -> Fait:
    """What `mouvements` holds of the year of `annee` up to a day.

    Parameters
    ----------
    seed : for the dwelling of a movement that only says its commune or its kind.
    """
    parc, dossier = annee.parc, annee.quotas.dossier
    choix, past = dossier.convention.choix, up_to(dossier.mouvements, day)
    relet = past.loc[past["nature"] == RELOCATION]
    wanted = str(choix.evenement_decompte)
    later = ETAPES[ETAPES.index(wanted) :]
    etape = next((e for e in later if (relet["etape"] == e).any()), wanted)
    leases = one_by_one(relet.loc[relet["etape"] == "bail"])
    events = recorded(_counting(annee, relet.loc[relet["etape"] == etape], leases), parc, seed, SEUL)
    signed = recorded(leases, parc, seed, SEUL)
    recus = np.bincount(events.reel[events.reel >= 0], minlength=len(parc.porteurs))
    first = np.zeros(len(parc.porteurs), np.int64)
    if choix.premieres_locations == "dans_le_flux":
        let = past.loc[(past["nature"] == PREMIERE) & (past["etape"] == "bail")]
        recus = recus + _by_holder(annee, let)
        coming = annee.quotas.livraisons
        first = _by_holder(annee, coming.loc[coming["date_mise_service"] > pd.Timestamp(day)])
    return Fait(
        jour=(day - dt.date(parc.annee, 1, 1)).days,
        etape=etape,
        recus=recus.astype(np.int64),
        a_venir=first,
        comptes=_accounts(annee, events),
        porteur=signed.reel,
        logement=signed.vacances.logement,
        public=_publics(leases)[signed.ligne],
        hypotheses=tuple(_said(wanted, etape, events, signed, _publics(leases))),
    )


def up_to(mouvements: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """The movements of the year of a day, that day included; one without a date is taken as past."""
    return mouvements.loc[(mouvements["annee"] == day.year) & ~(mouvements["date"] > pd.Timestamp(day))]


def _counting(annee: Annee, events: pd.DataFrame, leases: pd.DataFrame) -> pd.DataFrame:
    """The events that count on an account: a failure that the convention excuses does not, unless the same
    account leased the dwelling in the end without being oriented anew.
    """
    choix = annee.quotas.dossier.convention.choix
    excused = [issue for issue, counts in (
        (Issue.SANS_CANDIDAT, choix.compte_sans_candidat),
        (Issue.REFUS_CANDIDAT, choix.compte_refus_candidat),
        (Issue.REFUS_CALEOL, choix.compte_refus_caleol),
    ) if not counts]
    failed = events["issue"].isin(excused)
    keys = ["id_logement", "id_reservataire"]
    own = pd.MultiIndex.from_frame(events[keys])
    again = pd.MultiIndex.from_frame(events.loc[~failed, keys])
    leased = pd.MultiIndex.from_frame(leases[keys].dropna())
    in_the_end = failed & own.isin(leased) & ~own.isin(again) & ~events.loc[failed].duplicated(keys).reindex(
        events.index, fill_value=False)
    return one_by_one(events.loc[~failed | in_the_end])


def _accounts(annee: Annee, events: Passe) -> Comptes:
    """What each strate, and each kind of dwelling, has given and owes, in one run."""
    parc, strates = annee.parc, annee.strates
    holders = len(parc.porteurs)
    comptes = Comptes.new(1, strates, holders, GENRES)
    logement = events.vacances.logement
    segment, strate = parc.segment[logement], strates.strate[parc.commune[logement]]
    comptes.retard[0, :holders] += parc.parts[parc.commune[logement]].sum(axis=0)
    np.add.at(comptes.ecart[0, :, :holders], annee.genre[segment], annee.plan[segment])
    np.add.at(comptes.rang[0], strate, 1)
    known = np.flatnonzero(events.reel >= 0)
    who = events.reel[known]
    np.subtract.at(comptes.retard[0], who, 1.0)
    np.subtract.at(comptes.ecart[0], (annee.genre[segment[known]], who), 1.0)
    rows, columns = np.nonzero(strates.porteurs[strate[known]] == who[:, None])
    np.add.at(comptes.recus[0], (strate[known][rows], columns), 1)
    return comptes


def _by_holder(annee: Annee, rows: pd.DataFrame) -> Places:
    who = pd.Index(annee.parc.porteurs).get_indexer(pd.Index(rows["id_reservataire"]))
    out = np.zeros(len(annee.parc.porteurs), np.int64)
    np.add.at(out, who[who >= 0], rows["nb"].to_numpy(np.int64)[who >= 0])
    return out


def _publics(leases: pd.DataFrame) -> Places:
    """Place of each lease's public in `PUBLICS`; −1 where it is not known."""
    known = pd.MultiIndex.from_tuples(PUBLICS)
    return np.asarray(known.get_indexer(pd.MultiIndex.from_frame(leases[["priorite", "quartile"]])), np.int64)


def _said(wanted: str, etape: str, events: Passe, signed: Passe, publics: Places) -> list[str]:
    said = []
    if etape != wanted:
        said.append(f"Aucun mouvement à l'étape « {glossaire.format('etape', wanted)} » : l'étape "
                    f"« {glossaire.format('etape', etape)} » en tient lieu.")
    unknown = int((publics == PUBLIC_INCONNU).sum())
    missing = [(events.hors, "sur un logement hors de l'assiette, laissés de côté"),
               (events.sans_jour, "sans date, pris pour passés"),
               (events.sans_titulaire, "sans réservataire nommé, au compte de personne"),
               (events.sans_logement, "sans logement nommé, tiré parmi ceux qu'ils décrivent"),
               (signed.hors, "baux hors de l'assiette"),
               (unknown, "baux dont la priorité ou le quartile manque : dans la base des objectifs, pas dans "
                         "ce qui est atteint")]
    told = [f"{entier(nb)} {what}" for nb, what in missing if nb]
    if told:
        said.append(f"Mouvements de l'année : {' ; '.join(told)}.")
    return said
