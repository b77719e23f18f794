"""Conflicts and marginal costs in French sentences, with names for codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from flux.allocation.cadre import TOUS
from flux.allocation.modele import EQUITE_PIRE
from flux.allocation.obligations import Obligation, Sens, Support
from flux.allocation.recherche import Conflit, Nature
from flux.conversion.cellules import ETAT
from flux.conversion.noms import Noms
from flux.rendu import glossaire, nombres

LISTED = 4  # counts of applicants named one by one; beyond, their sum
SAID = 10  # conflicts said in the view
SMALLEST = 0.005


def conflict_said(conflit: Conflit, rows: Sequence[Obligation], yields: Sequence[float], noms: Noms) -> str:
    """One conflict: what cannot hold together, what is missing, and on what the plan gives way.

    Parameters
    ----------
    rows : the obligations of the conflict.
    yields : dwellings (applicants, for a demand) that the plan misses of each.
    """
    duties = [_named(o, noms) for o in rows if o.objectif != "demande"]
    names = [*duties, *_demands(rows, noms)]
    if not duties:
        return f"{_capital(_and(names))} ne suffit pas aux logements à donner : il manque " \
               f"{_counted(conflit.manque, 'candidat')}."
    verb = "ne peut être tenu" if len(names) == 1 else "ne peuvent tenir ensemble"
    if len(rows) == 1 and not conflit.minimal:
        return f"Il manque {dwellings(conflit.manque)} pour {names[0]} ; ce qui l'empêche n'a pas été établi."
    if conflit.nature is Nature.ENTIERS:
        verb += " en logements entiers"
    said = f"{_capital(_and(names))} {verb} : il manque {dwellings(conflit.manque)}"
    if len(rows) == 1 and rows[0].sens is not Sens.PLAFOND and not len(rows[0].assiette):
        reached = max(0.0, rows[0].part * rows[0].base_fixe - conflit.manque)
        said += f", le flux n'en permet que {number(reached)}" if reached else ", le flux n'en permet aucun"
    given = [f"{_short(o, noms)} ({_counted(nb, 'candidat' if o.objectif == 'demande' else 'logement')})"
             for o, nb in zip(rows, yields, strict=True) if nb > SMALLEST]
    if len(rows) > 1 and given:
        said += f". Le plan cède sur {_and(given)}"
    return said + "."


def conflicts_said(phrases: Sequence[str], complete: bool) -> tuple[str, ...]:
    """How many conflicts, whether there can be others, and the first of them."""
    nb = len(phrases)
    if not nb:
        return ()
    rest = "tous énumérés" if complete else "d'autres peuvent exister, la recherche ne les a pas exclus"
    hidden = (f"… et {nb - SAID} de plus : ils sont tous dans le résultat.",) if nb > SAID else ()
    return f"{nb} conflit{'s' if nb > 1 else ''} d'obligations : {rest}.", *phrases[:SAID], *hidden


def cost_said(valeur: float, objectif: str | None) -> str:
    """What one dwelling more asked by an objective costs, and to what; "" where it was not computed.

    Parameters
    ----------
    valeur : the marginal cost; NaN where one more is impossible.
    objectif : what bears it, or what blocks.
    """
    if objectif is None:
        return "exiger un logement de plus ne coûte rien" if valeur == 0 else ""
    name = glossaire.format("objectif", objectif)
    if np.isnan(valeur):
        return f"exiger un logement de plus est impossible : « {name} » s'y oppose"
    if objectif == EQUITE_PIRE:
        return f"exiger un logement de plus coûte {nombres.part(valeur)} de son quota au {name}"
    return f"exiger un logement de plus coûte {dwellings(valeur)} à l'objectif « {name} »"


def number(value: float) -> str:
    """A number with the decimals that it has, two at most: "2", "0,4"."""
    written = nombres.decimal(value, 2)
    return written.rstrip("0").rstrip(",") if "," in written else written


def dwellings(nb: float) -> str:
    """A count of dwellings: "2 logements", "0,4 logement", "moins de 0,01 logement"."""
    if 0 < nb < SMALLEST:
        return "moins de 0,01 logement"
    return _counted(nb, "logement")


def _counted(nb: float, noun: str) -> str:
    return f"{number(nb)} {noun}{'s' if nb >= 2 - SMALLEST else ''}"


def _named(o: Obligation, noms: Noms) -> str:
    """An obligation with its article: "l'objectif de 25 % « premier quartile hors QPV » – X (CCH, …)"."""
    if o.objectif == "quota":
        return f"le quota de {noms.de(o.porteur)} ({dwellings(o.base_fixe)} ; {o.article})"
    kind = "le plafond" if o.sens is Sens.PLAFOND else "l'objectif"
    if o.support is Support.ECARTS:
        kind = "la tolérance"
    share = nombres.part(float(o.part)).replace(",0", "")
    return f"{kind} de {share} {_short(o, noms)} ({o.article})"


def _short(o: Obligation, noms: Noms) -> str:
    """An obligation by its name: "« premier quartile hors QPV » – X", "« quota » de « Mairie de X »"."""
    name = f"« {glossaire.format('objectif', o.objectif)} »"
    if o.objectif == "demande":
        return f"{name} ({_public(o)})"
    if o.porteur not in (TOUS, ETAT):
        return f"{name} de {noms.de(o.porteur)}"
    return name if o.territoire_code == TOUS else f"{name} – {_place(o.territoire_code, noms)}"


def _demands(rows: Sequence[Obligation], noms: Noms) -> Iterator[str]:
    """The applicants there are, one name a territory."""
    by_place: dict[tuple[str, str], list[Obligation]] = defaultdict(list)
    for o in rows:
        if o.objectif == "demande":
            by_place[o.territoire_code, o.article].append(o)
    for (code, article), some in sorted(by_place.items()):
        total = sum(o.base_fixe for o in some)
        people = _counted(total, "candidat")
        listed = ", ".join(f"{_public(o)} : {number(o.base_fixe)}" for o in some)
        what = people if len(some) > LISTED else listed
        if len(some) > LISTED:
            sizes = sorted({o.porteur.split(", ")[0] for o in some})
            publics = dict.fromkeys(glossaire.format("priorite", _priority(o)) for o in some)
            what = f"{people} en tout, {', '.join(sizes)} ({', '.join(publics)})"
        yield f"la demande connue – {_place(code, noms)} ({what} ; {article})"


def _priority(o: Obligation) -> str:
    return o.porteur.split(", ")[1].replace("agents", "agent")


def _public(o: Obligation) -> str:
    """Size, priority and quartile of a count of applicants."""
    return f"{o.porteur.split(', ')[0]} {glossaire.format('priorite', _priority(o))} " \
           f"{glossaire.format('quartile', o.porteur.split(', ')[2])}"


def _place(code: str, noms: Noms) -> str:
    return f"département {code}" if len(code) <= 3 else noms.a(code)


def _and(words: Sequence[str]) -> str:
    """Words in a sentence: "a, b et c"."""
    *first, last = words
    return f"{', '.join(first)} et {last}" if first else last


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
