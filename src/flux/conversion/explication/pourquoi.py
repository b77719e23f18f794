"""Why 8 and not 9: what one dwelling more would have needed, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from flux.conversion.arrondi import Plafond
from flux.conversion.cellules import BAILLEUR
from flux.conversion.explication.plafonds import label
from flux.conversion.explication.preuve import Preuve
from flux.rendu.nombres import decimal, entier, part


@dataclass(frozen=True)
class Concours:
    """The race for the dwellings that whole parts leave: who ran, in which order, who was served."""

    exacts: Mapping[str, Fraction]
    nb: Mapping[str, int]
    methode: str

    def mark(self, ident: str) -> Fraction:
        """What decides: the remainder, or the due over (2 n + 1) under Sainte-Laguë."""
        exact = self.exacts[ident]
        return exact / (2 * floor(exact) + 1) if self.methode == "sainte_lague" else exact - floor(exact)

    @property
    def order(self) -> list[str]:
        """Everybody who has a remainder, the one that is served first at the head."""
        running = [i for i, v in self.exacts.items() if v != floor(v)]
        return sorted(running, key=lambda i: (-self.mark(i), -self.exacts[i], i == BAILLEUR, i))

    @property
    def served(self) -> list[str]:
        """Those who had one more than their whole part, in order."""
        return [i for i in self.order if self.nb[i] > floor(self.exacts[i])]

    @property
    def word(self) -> str:
        """What the mark is called."""
        return "quotient" if self.methode == "sainte_lague" else "reste"


def why(preuve: Preuve, ident: str, exacts: Mapping[str, Fraction]) -> tuple[str, ...]:
    """Sentences under a quota: why not one less, why not one more.

    Parameters
    ----------
    exacts : what was rounded, everybody's.
    """
    race = Concours(exacts, preuve.arrondi.nb, str(preuve.dossier.convention.choix.arrondi))
    if ident == BAILLEUR:
        return tuple(_rest(preuve, race))
    return (*_holder(preuve, race, ident), *_ties(preuve, ident))


def blocking(preuve: Preuve, ident: str) -> list[Plafond]:
    """The ceilings that keep a holder from its next dwelling."""
    nb = preuve.arrondi.nb
    if ident not in preuve.arrondi.refuses:
        return []
    return [p for p in preuve.plafonds if ident in p.membres and not p.allows(nb, ident)]


def _holder(preuve: Preuve, race: Concours, ident: str) -> Iterator[str]:
    exact, nb = race.exacts[ident], race.nb[ident]
    low = floor(exact)
    if nb == exact:
        yield "Le quota exact est déjà un nombre entier : rien n'est arrondi."
        return
    if nb > low:
        yield f"Pourquoi {nb} et pas {nb - 1} : {_place(race, ident)} : il en reçoit un."
        yield (
            f"Pourquoi pas {nb + 1} : nul ne reçoit plus que son quota exact arrondi à l'entier supérieur, "
            f"soit {ceil(exact)} pour {decimal(exact, 4)}."
        )
        return
    for plafond in blocking(preuve, ident):
        yield f"Pourquoi {nb} et pas {nb + 1} : {_refusal(preuve, plafond, race.nb)}"
    if nb < low:
        yield (
            f"Sa partie entière, {low}, a été ramenée sous le plafond, en proportion des dus."
            if blocking(preuve, ident)
            else f"Sa partie entière, {low}, a été réduite : les minimums demandaient plus que le flux."
        )
        return
    if blocking(preuve, ident):
        return
    if not race.served:
        yield (f"Pourquoi {nb} et pas {nb + 1} : les parties entières ne laissaient aucun logement à donner.")
        return
    last = race.served[-1]
    gap = race.mark(last) - race.mark(ident)
    lacked = (
        f"il lui manquait {decimal(gap, 4)}"
        if gap > 0
        else "à égalité, le plus grand dû passe d'abord, puis l'ordre des identifiants"
    )
    yield (
        f"Pourquoi {nb} et pas {nb + 1} : {_place(race, ident)}. Le dernier logement est allé à "
        f"{preuve.noms.de(last)}, dont le {race.word} est {decimal(race.mark(last), 4)} : {lacked}."
    )


def _place(race: Concours, ident: str) -> str:
    """How many dwellings there were to give, its remainder and its rank."""
    rank, running, served = race.order.index(ident) + 1, len(race.order), len(race.served)
    ordinal = "le plus fort" if rank == 1 else f"le {rank}e"
    return (
        f"les parties entières laissaient {_dwellings(served)} à donner, aux plus forts {race.word}s ; "
        f"son {race.word}, {decimal(race.mark(ident), 4)}, est {ordinal} sur {running}"
    )


def _refusal(preuve: Preuve, plafond: Plafond, nb: Mapping[str, int]) -> str:
    """What a ceiling allows, who has it, and what one more would need."""
    used, cap = int(plafond.charge(nb)), plafond.nb
    others = [i for i in plafond.membres if nb[i]]
    whose = ", ".join(f"{preuve.noms.de(i)} ({nb[i]})" for i in others[:4])
    whose += f" et {len(others) - 4} autres" if len(others) > 4 else ""
    reached = f" ; il est atteint par {whose}" if others and used else ""
    kept = (
        "Le dû qui n'est pas servi reste dans le compte."
        if plafond.cumule
        else "Le dû que le plafond refuse est perdu pour l'année."
    )
    if plafond.parties:
        return (
            f"le {label(preuve, plafond)}, somme de ceux de {len(plafond.parties)} communes, est de "
            f"{_dwellings(cap)}{reached}. {kept}"
        )
    since = " depuis l'ouverture du compte" if plafond.cumule else ""
    given = f", dont {_dwellings(plafond.nb_ouverture)} déjà comptés" if plafond.nb_ouverture else ""
    needed = (plafond.nb_ouverture + cap + 1) / plafond.taux if plafond.taux else None
    more = f" Un de plus demanderait un flux de {decimal(needed, 2)}." if needed else ""
    return (
        f"le {label(preuve, plafond)}, est de {_dwellings(cap)} ({part(plafond.taux)} d'un flux de "
        f"{decimal(plafond.flux, 2)}{since}, soit {decimal(plafond.taux * plafond.flux, 2)}, à l'entier "
        f"inférieur{given} ; {plafond.article}){reached}.{more} {kept}"
    )


def _dwellings(nb: int) -> str:
    return f"{entier(nb)} logement{'s' if nb > 1 else ''}"


def _ties(preuve: Preuve, ident: str) -> Iterator[str]:
    for sentence in preuve.arrondi.egalites:
        if ident in sentence.replace(",", " ").split():
            yield f"Égalité départagée : {sentence}"


def _rest(preuve: Preuve, race: Concours) -> Iterator[str]:
    """The bailleur: what the others leave, and what ceilings refused them."""
    nb, whole = race.nb[BAILLEUR], sum(race.nb.values())
    yield (
        f"{entier(whole)} logements à partager, moins {entier(whole - nb)} aux réservataires : {entier(nb)}."
    )
    beyond = nb - ceil(race.exacts[BAILLEUR])
    if beyond > 0:
        yield (
            f"C'est {_dwellings(beyond)} de plus que son quota exact arrondi à l'entier supérieur : "
            "ce que les plafonds refusent aux réservataires va au bailleur."
        )
