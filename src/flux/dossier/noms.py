"""What a header means: a name of the contract, a variable of the RPLS, or neither. Nothing is guessed.

In order: the name of the contract; a header of the RPLS as the RPLS writes it; the name of the contract in
another case; the RPLS in another case; one of these under a suffix of the files in circulation (`_red`,
`_CODE`, `_LIBELLE`, a year) or before a unit between brackets.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

from flux.dossier.cellules import cle
from flux.dossier.rpls.dictionnaire import Variable, dispositions, variable_of, variables

_UNITE = re.compile(
    r"\s*[(\[]\s*(en )?(m²|m2|€|euros?|eur|%|oui ?/ ?non|jj/mm/aaaa|aaaa)\s*[)\]]\s*$", re.IGNORECASE
)
"""A unit or a form between brackets, as in `surface (m²)`; any other words there may change the meaning."""
_SUFFIX = re.compile(r"_(red|code)$")
_LABEL = re.compile(r"_libelle$")
_YEAR = re.compile(r"_?(20\d\d|(?<=[a-z])(1[5-9]|2\d))$")


@dataclass(frozen=True, slots=True)
class Nom:
    """A header understood: the column of the contract, how far it was from its name, the RPLS variable."""

    colonne: str
    rang: int
    variable: Variable | None = None


EXACT, CASSE, RPLS, SUFFIXE, LIBELLE, ANNEE = range(6)
FACONS = {
    CASSE: ("entetes", "En-têtes lus sans la casse ni les accents"),
    RPLS: ("entetes_rpls", "En-têtes du RPLS, lus comme les colonnes du dossier"),
    SUFFIXE: ("entetes_suffixe", "En-têtes lus sans leur suffixe ni leur unité"),
    LIBELLE: ("entetes_libelle", "En-têtes de libellés, lus comme les colonnes du dossier"),
    ANNEE: ("entetes_annee", "En-têtes lus sans leur année, à vérifier"),
}
"""For each way of reading a header but the exact one: a code, and what is said."""


@cache
def _rpls() -> tuple[dict[str, Variable], frozenset[str]]:
    """The variables that feed a column, by name; the headers of the RPLS as it writes them."""
    fed = {name: variable for name, variable in variables().items() if variable.colonne}
    return fed, frozenset(header for d in dispositions().values() for header in d.colonnes)


def noms_connus(colonnes: Collection[str]) -> frozenset[str]:
    """Every name under which one of these columns may be given, as `cle` writes it."""
    fed, _ = _rpls()
    return frozenset({*colonnes, *(cle(name) for name, v in fed.items() if v.colonne in colonnes)})


def understand(header: str, colonnes: Collection[str]) -> Nom | None:
    """The column of `colonnes` that a header names; None: none for sure."""
    fed, written = _rpls()
    name = cle(header)
    if header in colonnes:
        return Nom(header, EXACT)
    if header in written and (variable := _variable(header, colonnes)) and variable.colonne != name:
        return Nom(variable.colonne, RPLS if header in fed else SUFFIXE, variable)
    if name in colonnes:
        return Nom(name, CASSE)
    if variable := _variable(header, colonnes):
        return Nom(variable.colonne, RPLS if name.upper() in fed else SUFFIXE, variable)
    if (outside := _UNITE.sub("", header)) != header and outside and (nom := understand(outside, colonnes)):
        return Nom(nom.colonne, max(nom.rang, SUFFIXE), nom.variable)
    for rang, pattern in ((SUFFIXE, _SUFFIX), (LIBELLE, _LABEL), (ANNEE, _YEAR)):
        bare = pattern.sub("", name)
        if bare != name and bare in colonnes:
            return Nom(bare, rang)
        if bare != name and (variable := _variable(bare, colonnes)):
            return Nom(variable.colonne, rang, variable)
    return None


def _variable(header: str, colonnes: Collection[str]) -> Variable | None:
    variable = _rpls()[0].get(variable_of(header))
    return variable if variable and variable.colonne in colonnes else None


def resolve(headers: Sequence[str], colonnes: Collection[str]) -> list[Nom | None]:
    """What each header means; of several for one column, the one nearest to its name, if there is only one.

    The others mean nothing: `FINAN_LIBELLE` beside `FINAN_CODE` is not read. Two as near are both kept, for
    the reader to refuse.
    """
    found = [understand(header, colonnes) for header in headers]
    best: dict[str, int] = {}
    for nom in found:
        if nom:
            best[nom.colonne] = min(best.get(nom.colonne, nom.rang), nom.rang)
    return [nom if nom and nom.rang == best[nom.colonne] else None for nom in found]
