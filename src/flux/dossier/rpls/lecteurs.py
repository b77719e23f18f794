"""How one cell of the RPLS is read: the readers of the dossier, plus the absences that RPLS writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date

import pandas as pd

from flux.dossier import cellules as c
from flux.dossier.rpls.dictionnaire import Variable, contingents
from flux.noyau.tables import TEXTE, Colonne, Table
from flux.noyau.types import Lu, Repair, Type

ABSENCE = Repair("absence", "Valeur « sans objet » ou « non renseigné » du RPLS, lue comme une absence")
ANNEE_IMPOSSIBLE = Repair(
    "non_conforme", "Année avant 1850 : non conforme pour le RPLS, lue comme une absence"
)
ANNEE_MIN = 1850

_FLOAT = re.compile(r"(\d+)[.,]0+")
_SCIENTIFIC = re.compile(r"\d+([.,]\d+)?e\+\d+", re.IGNORECASE)


def table(variables: Iterable[Variable], texte: pd.DataFrame) -> Table:
    """The checks of an extract; a million identifiers that are all well written are not read one by one."""
    return Table("rpls", tuple(_colonne(x, texte.get(x.nom)) for x in variables))


def _well_written(variable: Variable, cells: pd.Series | None) -> bool:
    if variable.type != "identifiant" or cells is None:
        return False
    given = cells.dropna()
    plain = given.str.isalnum() & (given.str.len() >= variable.largeur) & ~given.isin(list(variable.absents))
    return bool(plain.all())


def _colonne(variable: Variable, cells: pd.Series | None) -> Colonne:
    valide, borne = None, ""
    if variable.parmi:
        valide, borne = (
            (lambda x: x.isin(list(variable.parmi))),
            f"un code parmi {', '.join(map(str, variable.parmi))}",
        )
    if variable.minimum is not None:
        low, high = variable.minimum, variable.maximum
        valide, borne = (lambda x: x.between(low, high)), f"un nombre entier de {low} à {high}"
    return Colonne(
        nom=variable.nom,
        type=c.TEXTE_LIBRE if _well_written(variable, cells) else type_of(variable),
        valide=valide,
        borne=borne,
    )


def type_of(variable: Variable) -> Type:
    """How the cells of a variable are read: its reader, after the absences that RPLS writes."""
    lire, dtype, attendu = _READERS[variable.type](variable)
    absents = frozenset(variable.absents)

    def read(text: str) -> Lu:
        if whole(text).upper() in absents or text.upper() in absents:
            return Lu(None, ABSENCE)
        return lire(text)

    return Type(dtype=dtype, attendu=attendu, lire=read)


def whole(text: str) -> str:
    """`"10.0"` -> `"10"`: a code that a program took for a number."""
    if text.isalnum():  # nearly all of a million identifiers
        return text
    number = _FLOAT.fullmatch(text)
    return number[1] if number else text


Reader = tuple[Callable[[str], Lu], object, str]


def _identifiant(variable: Variable) -> Reader:
    """Text; `1.1144e+006` is refused: digits may be lost."""

    def lire(text: str) -> Lu:
        bare = whole(text)
        if bare.isdigit():
            if len(bare) < variable.largeur:
                return Lu(bare.zfill(variable.largeur), c.ZERO_RENDU)
        elif _SCIENTIFIC.fullmatch(bare):
            raise ValueError(text)
        return Lu(bare) if bare == text else Lu(bare, c.CODE_RETOUCHE)

    return lire, TEXTE, "un identifiant écrit en entier, sans notation scientifique (1,11E+06)"


def _code(variable: Variable) -> Reader:
    known = variable.codes or {code: code for code in contingents()}

    def lire(text: str) -> Lu:
        code = whole(text).upper()
        code = code.lstrip("0") or "0"
        if code not in known:
            raise ValueError(text)
        return Lu(known[code] or None)

    return lire, TEXTE, f"un code parmi {', '.join(known)}"


def _annee(variable: Variable) -> Reader:
    def lire(text: str) -> Lu:
        year = int(c.entier(text).valeur)
        if year > 2999:
            raise ValueError(text)
        return Lu(year) if year >= ANNEE_MIN else Lu(None, ANNEE_IMPOSSIBLE)

    return lire, "Int64", "une année sur quatre chiffres"


def _annee_de_date(variable: Variable) -> Reader:
    def lire(text: str) -> Lu:
        day: date = c.date_debut(text).valeur
        return Lu(day.year)

    return lire, "Int64", "une date JJ/MM/AAAA, MM/AAAA ou AAAA"


def _oui_non(variable: Variable) -> Reader:
    return (lambda text: Lu(c.qpv(whole(text)).valeur)), "boolean", "1 (oui) ou 2 (non)"


def _pieces(variable: Variable) -> Reader:
    return (lambda text: Lu(c.typologie(text).valeur)), TEXTE, "un nombre de pièces, de 1 à 9"


def _as(type_: Type) -> Callable[[Variable], Reader]:
    def reader(variable: Variable) -> Reader:
        return type_.lire or Lu, type_.dtype, type_.attendu

    return reader


_READERS: dict[str, Callable[[Variable], Reader]] = {
    "identifiant": _identifiant,
    "code": _code,
    "annee": _annee,
    "annee_de_date": _annee_de_date,
    "oui_non": _oui_non,
    "texte": _as(c.TEXTE_LIBRE),
    "commune": _as(c.COMMUNE),
    "pieces": _pieces,
    "financement": _as(c.FINANCEMENT),
    "entier": _as(c.ENTIER),
    "nombre": _as(c.NOMBRE),
    "date": _as(c.DATE_DEBUT),
}
