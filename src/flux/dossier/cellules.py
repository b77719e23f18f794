"""How one cell of text is read. Each reader raises `ValueError` on what it cannot read.

A reader never decides what the person meant when two readings are possible: it reads, says the
repair, or refuses.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from flux.dossier.vocabulaire import Financement, Typologie
from flux.noyau.tables import TEXTE, Lu, Repair, Type, enumerate_fr

ZERO_RENDU = Repair("zero_rendu", "Zéro perdu par un tableur, rendu au code")
CODE_RETOUCHE = Repair("code_retouche", "Code touché par un tableur, remis en forme")
PERIODE_DEBUT = Repair("date_incomplete", "Date incomplète, lue comme le premier jour de la période")
PERIODE_FIN = Repair("date_incomplete", "Date incomplète, lue comme le dernier jour de la période")
NOMBRE_DE_PIECES = Repair("nombre_de_pieces", "Nombre de pièces, lu comme une typologie")
CODE_RPLS = Repair("code_rpls", "Code FINAN du RPLS, lu comme un financement")
QPV_RPLS = Repair("code_rpls", "Code du RPLS, lu comme 1 = oui, 2 = non")

_SPACES = re.compile(r"[\s\u00a0\u202f]+")
CONTROLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that no document can hold (XML 1.0) or that a terminal obeys; tab and line feed are none."""
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
_YES = frozenset({"oui", "1", "true", "vrai"})
_NO = frozenset({"non", "0", "false", "faux"})
# Working grouping of the RPLS codes FINAN (17 loans in five families); PLUS before and after 1977 are one.
_FINAN = {
    **dict.fromkeys(("10", "11"), Financement.PLAI),
    **dict.fromkeys(("12", "13", "50", "51", "52", "53", "55", "99"), Financement.PLUS),
    **dict.fromkeys(("14", "17"), Financement.PLS),
    "16": Financement.PLI,
    **dict.fromkeys(("15", "49", "54"), Financement.AUTRE),
}


def sans_accent(text: str) -> str:
    """Lower case, without accent: `"Réservé"` -> `"reserve"`."""
    return unicodedata.normalize("NFKD", text.strip().lower()).encode("ascii", "ignore").decode()


def cle(text: str) -> str:
    """A header or a label as a name of the contract: `"Id logement "` -> `"id_logement"`."""
    return re.sub(r"[^a-z0-9*+]+", "_", sans_accent(text)).strip("_")


def decimal(text: str) -> Decimal:
    """`"1 234,5"`, `"12,5 %"`, `"1.1144e+006"`: the exact number written."""
    compact = _SPACES.sub("", text)
    percent = compact.endswith("%")
    compact = compact.removesuffix("%")
    if not _NUMBER.fullmatch(compact):
        raise ValueError(text)
    try:
        value = Decimal(compact.replace(",", "."))
    except InvalidOperation as error:  # an exponent beyond what Decimal holds
        raise ValueError(text) from error
    return value / 100 if percent else value


def nombre(text: str) -> Lu:
    """A number. `repr` of the float is the decimal written, so that exact values can be made from it."""
    value = float(decimal(text))
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return Lu(value)


def entier(text: str) -> Lu:
    """A whole number; `10.0` is one, `12,5` and `10 %` are not."""
    value = decimal(text)
    if "%" in text or value != value.to_integral_value() or abs(value) >= 2**63:
        raise ValueError(text)
    return Lu(int(value))


def booleen(text: str) -> Lu:
    """Yes or no: oui / non, 1 / 0, true / false."""
    word = sans_accent(text)
    if word not in _YES | _NO:
        raise ValueError(text)
    return Lu(word in _YES)


def qpv(text: str) -> Lu:
    """Yes or no, or the RPLS code: 1 yes, 2 no."""
    return Lu(False, QPV_RPLS) if text.strip() == "2" else booleen(text)


def date_debut(text: str) -> Lu:
    """A date; a month or a year alone is its first day, said."""
    first, _, whole = _period(text)
    return Lu(first, None if whole else PERIODE_DEBUT)


def date_fin(text: str) -> Lu:
    """A date; a month or a year alone is its last day, said."""
    _, last, whole = _period(text)
    return Lu(last, None if whole else PERIODE_FIN)


def _period(text: str) -> tuple[date, date, bool]:
    """First and last day of what is written, and whether it is a whole date."""
    day = text.strip().removesuffix(" 00:00:00")
    if m := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", day):
        exact = date(int(m[1]), int(m[2]), int(m[3]))
        return exact, exact, True
    if m := re.fullmatch(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", day):
        exact = date(int(m[3]), int(m[2]), int(m[1]))
        return exact, exact, True
    if m := re.fullmatch(r"(\d{1,2})/(\d{4})", day):
        year, month = int(m[2]), int(m[1])
        return date(year, month, 1), date(year, month, monthrange(year, month)[1]), False
    if re.fullmatch(r"\d{4}", day):
        return date(int(day), 1, 1), date(int(day), 12, 31), False
    raise ValueError(text)


def commune(text: str) -> Lu:
    """A COG code of five characters; the zero that a spreadsheet lost is given back, and said."""
    code = _SPACES.sub("", text).upper()
    touched = code.removesuffix(".0").removesuffix(",0")
    padded = touched.zfill(5)
    if not re.fullmatch(r"(\d\d|2[AB])\d{3}", padded) or len(touched) < 4:
        raise ValueError(text)
    if padded != touched:
        return Lu(padded, ZERO_RENDU)
    return Lu(padded, CODE_RETOUCHE if padded != text.strip() else None)


def typologie(text: str) -> Lu:
    """T1 to T5+, or a number of rooms."""
    word = _SPACES.sub("", text).upper()
    rooms = re.fullmatch(r"([TF]?)([1-9])(\+|OUPLUS|ETPLUS)?", word.removesuffix(".0"))
    if not rooms or (rooms[3] and rooms[2] != "5"):
        raise ValueError(text)
    value = Typologie.T5_PLUS if int(rooms[2]) >= 5 else Typologie(f"T{rooms[2]}")
    return Lu(value.value, None if word == value else NOMBRE_DE_PIECES)


def financement(text: str) -> Lu:
    """A label, or an RPLS FINAN code (grouping to confirm, hence said)."""
    code = text.strip().removesuffix(".0")
    if code in _FINAN:
        return Lu(_FINAN[code].value, CODE_RPLS)
    return Lu(Financement(sans_accent(text).upper()).value)


def _choix(members: Mapping[str, str]) -> Type:
    def lire(text: str) -> Lu:
        try:
            return Lu(members[cle(text)])
        except KeyError as error:
            raise ValueError(text) from error

    return Type(
        dtype=TEXTE,
        attendu=enumerate_fr(members.values(), " ou "),
        lire=lire,
        proches=tuple(members.values()),
    )


def choix(members: Iterable[StrEnum]) -> Type:
    """The type of a closed list; case and accents are forgiven."""
    return _choix({cle(m.value): m.value for m in members})


TEXTE_LIBRE = Type(dtype=TEXTE, attendu="un texte")
NOMBRE = Type(dtype="float64", attendu="un nombre (12,5 ou 12.5)", lire=nombre)
ENTIER = Type(dtype="Int64", attendu="un nombre entier", lire=entier)
ANNEE = Type(dtype="Int64", attendu="une année sur quatre chiffres", lire=entier)
BOOLEEN = Type(dtype="boolean", attendu="oui ou non", lire=booleen)
QPV = Type(dtype="boolean", attendu="oui ou non (RPLS : 1 = oui, 2 = non)", lire=qpv)
DATE_DEBUT = Type(dtype="datetime64[s]", attendu="une date JJ/MM/AAAA ou AAAA-MM-JJ", lire=date_debut)
DATE_FIN = Type(dtype="datetime64[s]", attendu="une date JJ/MM/AAAA ou AAAA-MM-JJ", lire=date_fin)
COMMUNE = Type(dtype=TEXTE, attendu="un code INSEE de commune, cinq caractères", lire=commune)
TYPOLOGIE = Type(dtype=TEXTE, attendu="T1, T2, T3, T4 ou T5+ (ou le nombre de pièces)", lire=typologie)
FINANCEMENT = Type(
    dtype=TEXTE,
    attendu="PLAI, PLUS, PLS, PLI, AUTRE, ou un code FINAN du RPLS",
    lire=financement,
    proches=tuple(Financement),
)
