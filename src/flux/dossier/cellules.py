"""How one cell of text is read. Each reader raises `ValueError` on what it cannot read.

A reader never decides what the person meant when two readings are possible: it reads, says the
repair, or refuses.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from flux.dossier.communes import remede_commune
from flux.dossier.vocabulaire import Financement, Typologie
from flux.noyau.errors import Gravite
from flux.noyau.tables import TEXTE, enumerate_fr
from flux.noyau.types import Lu, Repair, Type

ZERO_RENDU = Repair("zero_rendu", "Zéro perdu par un tableur, rendu au code")
CODE_RETOUCHE = Repair("code_retouche", "Code touché par un tableur, remis en forme")
PERIODE_DEBUT = Repair("date_incomplete", "Date incomplète, lue comme le premier jour de la période")
PERIODE_FIN = Repair("date_incomplete", "Date incomplète, lue comme le dernier jour de la période")
NOMBRE_DE_PIECES = Repair("nombre_de_pieces", "Type ou nombre de pièces (F3, T5, 6), lu de T1 à T5+")
CODE_RPLS = Repair("code_rpls", "Code FINAN du RPLS, lu comme un financement")
QPV_RPLS = Repair("code_rpls", "Code du RPLS, lu comme 1 = oui, 2 = non")
COCHE = Repair("coche", "Case cochée d'une croix, lue comme oui ; une case vide n'est pas lue comme non")
SCIENTIFIQUE = Repair("notation_scientifique", "Nombre en notation scientifique, lu en entier")
ESPACE = Repair("espace_insecable", "Espace insécable, lue comme une espace ordinaire")
NUMERO_DE_JOUR = Repair(
    "numero_de_jour", "Numéro de jour d'un tableur, lu comme une date", Gravite.A_VERIFIER
)
TIRET = Repair("tiret_comptable", "Tiret du format comptable, lu comme zéro", Gravite.A_VERIFIER)

_SPACES = re.compile(r"[\s\u00a0\u202f]+")
CONTROLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that no document can hold (XML 1.0) or that a terminal obeys; tab and line feed are none."""
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
_FLOAT = re.compile(r"(\d+)[.,]0+")
_EXPONENT = re.compile(r"(\d)(?:[.,](\d+))?e\+?(\d+)", re.IGNORECASE)
_TOUCHED = re.compile(r"[.,]0+$|^\d(?:[.,]\d+)?[eE]\+?\d+$|[\u00a0\u202f]")
"""What a spreadsheet leaves in a code: `10.0`, `1.5E+06`, a no-break space."""
_MIDNIGHT = re.compile(r"[ T]0?0:00(:00(\.0+)?)?$")
_DAY_ZERO = date(1899, 12, 30)
"""Day 0 of the spreadsheets, in the calendar that they share after February 1900."""
# Words of the offices, and those of the lists of the contract.
_USAGES = {
    **dict.fromkeys(("ville", "mairie", "municipalite"), "commune"),
    **dict.fromkeys(("prefet", "prefecture", "etat"), "etat"),
    **dict.fromkeys(("1_logement", "1_patronal", "al", "als", "employeurs", "collecteur"), "action_logement"),
    **dict.fromkeys(("agglomeration", "agglo", "intercommunalite", "metropole"), "epci"),
    **dict.fromkeys(("conseil_departemental", "cd"), "departement"),
}
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
    return Lu(value, SCIENTIFIQUE if "e" in text.lower() else None)


def montant(text: str) -> Lu:
    """A number of euros, its sign or not: `1 234,50 €`; ` - €` is how accountants write zero."""
    bare = _SPACES.sub("", text).removesuffix("€")
    return Lu(0.0, TIRET) if bare == "-" and "€" in text else nombre(bare)


def entier(text: str) -> Lu:
    """A whole number; `10.0` is one, `12,5` and `10 %` are not."""
    value = decimal(text)
    if "%" in text or abs(value) >= 2**63 or value != value.to_integral_value():
        raise ValueError(text)
    return Lu(int(value), SCIENTIFIQUE if "e" in text.lower() else None)


def identifiant(text: str) -> Lu:
    """A code as it was before a spreadsheet took it for a number: `10.0` is `10`.

    `1.5E+06` is refused: the digits that it does not show are lost; `1.234567E+06` shows them all.
    """
    plain = re.sub(r"[\u00a0\u202f]", " ", text)
    if number := _FLOAT.fullmatch(plain):
        return Lu(number[1], CODE_RETOUCHE)
    if number := _EXPONENT.fullmatch(plain):
        digits, shift = f"{number[1]}{number[2] or ''}", int(number[3])
        if len(digits) != shift + 1:
            raise ValueError(text)
        return Lu(digits, CODE_RETOUCHE)
    return Lu(plain, ESPACE if plain != text else None)


def booleen(text: str) -> Lu:
    """Yes or no: oui / non, 1 / 0, true / false, a cross for yes."""
    word = sans_accent(text).removesuffix(".0").removesuffix(",0")
    if word == "x":
        return Lu(True, COCHE)
    if word not in _YES | _NO:
        raise ValueError(text)
    return Lu(word in _YES)


def qpv(text: str) -> Lu:
    """Yes or no, or the RPLS code: 1 yes, 2 no."""
    return Lu(False, QPV_RPLS) if text.strip() in {"2", "2.0", "2,0"} else booleen(text)


def date_debut(text: str) -> Lu:
    """A date; a month or a year alone is its first day, said."""
    first, last, serial = _period(text)
    return Lu(first, NUMERO_DE_JOUR if serial else PERIODE_DEBUT if first != last else None)


def date_fin(text: str) -> Lu:
    """A date; a month or a year alone is its last day, said."""
    first, last, serial = _period(text)
    return Lu(last, NUMERO_DE_JOUR if serial else PERIODE_FIN if first != last else None)


def remede_date(text: str) -> str:
    """Why a text written as a date is none: a day or a month that does not exist, a year cut short."""
    day = _MIDNIGHT.sub("", text.strip())
    if re.fullmatch(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2}", day):
        return "Écrire l'année sur quatre chiffres."
    if m := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", day):
        year, month, number = map(int, m.groups())
    elif m := re.fullmatch(r"(?:(\d{1,2})[/-])?(\d{1,2})[/-](\d{4})", day):
        number, month, year = int(m[1] or 1), int(m[2]), int(m[3])
    elif m := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", day):
        return f"Écrire la date avec des barres : {int(m[1]):02}/{int(m[2]):02}/{m[3]}."
    elif re.search(r"[a-zéû]{3}.*\d", day, re.IGNORECASE):
        return "Écrire la date en chiffres, comme 31/12/2040."
    else:
        return ""
    if not 1 <= month <= 12:
        return (
            f"Le mois {month} n'existe pas : écrire le jour, puis le mois, puis l'année (JJ/MM/AAAA). "
            "Vérifier les autres dates de la colonne : écrites dans le même ordre, elles seraient lues de "
            "travers."
        )
    last = monthrange(year, month)[1]
    if not 1 <= number <= last:
        return f"Le jour {number} n'existe pas : le mois {month:02}/{year} a {last} jours."
    return ""


def _period(text: str) -> tuple[date, date, bool]:
    """First and last day of what is written, and whether it is a spreadsheet's number of a day."""
    day = _MIDNIGHT.sub("", text.strip())
    if m := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", day):
        exact = date(int(m[1]), int(m[2]), int(m[3]))
        return exact, exact, False
    if m := re.fullmatch(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", day):
        exact = date(int(m[3]), int(m[2]), int(m[1]))
        return exact, exact, False
    if m := re.fullmatch(r"(\d{1,2})/(\d{4})", day):
        year, month = int(m[2]), int(m[1])
        return date(year, month, 1), date(year, month, monthrange(year, month)[1]), False
    if m := re.fullmatch(r"(\d{4})([.,]0)?", day):
        return date(int(m[1]), 1, 1), date(int(m[1]), 12, 31), False
    if m := re.fullmatch(r"([1-7]\d{4})([.,]0)?", day):  # 1927 to 2119
        exact = _DAY_ZERO + timedelta(days=int(m[1]))
        return exact, exact, True
    raise ValueError(text)


def commune(text: str) -> Lu:
    """A COG code of five characters; the zero that a spreadsheet lost is given back, and said."""
    code = _SPACES.sub("", text).upper()
    touched = str(identifiant(code).valeur)
    padded = touched.zfill(5)
    if not re.fullmatch(r"(\d\d|2[AB])\d{3}", padded) or len(touched) < 4:
        raise ValueError(text)
    if padded != touched:
        return Lu(padded, ZERO_RENDU)
    return Lu(padded, CODE_RETOUCHE if padded != text.strip() else None)


def typologie(text: str) -> Lu:
    """T1 to T5+, or a number of rooms."""
    word = _SPACES.sub("", text).upper()
    rooms = re.fullmatch(r"([TF]?)([1-9])(\+|OUPLUS|ETPLUS)?", word.removesuffix(".0").removesuffix(",0"))
    if not rooms or (rooms[3] and rooms[2] != "5"):
        raise ValueError(text)
    value = Typologie.T5_PLUS if int(rooms[2]) >= 5 else Typologie(f"T{rooms[2]}")
    return Lu(value.value, None if word == value else NOMBRE_DE_PIECES)


def remede_typologie(text: str) -> str:
    """What to write for a studio or a `T3 bis`."""
    word = cle(text)
    if word in {"t0", "0", "studio", "f0"}:
        return "Écrire T1 pour un studio."
    bis = re.fullmatch(r"[tf]?([1-9])_?(bis|b)", word)
    return f"Écrire T{bis[1]}, sans « bis »." if bis else ""


def financement(text: str) -> Lu:
    """A label, or an RPLS FINAN code (grouping to confirm, hence said)."""
    code = text.strip().removesuffix(".0").removesuffix(",0")
    if code in _FINAN:
        return Lu(_FINAN[code].value, CODE_RPLS)
    return Lu(Financement(sans_accent(text).upper()).value)


def _choix(members: Mapping[str, str]) -> Type:
    def remede(text: str) -> str:
        word = cle(text)
        said = {_USAGES.get(word, ""), *(_USAGES.get(part, part) for part in word.split("_"))} - {""}
        near = [m for key, m in members.items() if key in said or key.split("_")[0] in said]
        return f"Vouliez-vous dire {enumerate_fr(near, ' ou ')} ?" if near else ""

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
        absents=SANS_OBJET,
        remede=remede,
    )


def choix(members: Iterable[StrEnum]) -> Type:
    """The type of a closed list; case and accents are forgiven."""
    return _choix({cle(m.value): m.value for m in members})


# Texts that say that nothing is known, where they can be no value: "NA" may be the identifier of a
# réservataire (Nouvelle-Aquitaine), "s" is a figure kept secret and never a default number.
SANS_OBJET = frozenset({"NA", "NA/NA", "N/A", "NC", "ND"})
SECRET = frozenset({"S", "Z"})
SANS_DATE = frozenset(
    {"01/1900", "01/01/1900", "01/01/1900 00:00:00", "1900-01-01", "1900-01-01 00:00:00"}
    | {"00/01/1900", "1899-12-30", "1899-12-31", "00:00:00", "0"}
)
"""The RPLS writes 01/1900 for no date; a spreadsheet shows an empty cell in one of the other ways."""

TEXTE_LIBRE = Type(dtype=TEXTE, attendu="un texte")
IDENTIFIANT = Type(
    dtype=TEXTE,
    attendu="un identifiant écrit en entier, sans notation scientifique (1,11E+06)",
    lire=identifiant,
    suspect=_TOUCHED,
)
MONTANT = Type(
    dtype="float64",
    attendu="un nombre d'euros (412,50)",
    lire=montant,
    absents=SANS_OBJET | SECRET | {"9999"},
)
NOMBRE = Type(dtype="float64", attendu="un nombre (12,5 ou 12.5)", lire=nombre, absents=SANS_OBJET | SECRET)
ENTIER = Type(dtype="Int64", attendu="un nombre entier", lire=entier, absents=SANS_OBJET)
ANNEE = Type(
    dtype="Int64", attendu="une année sur quatre chiffres", lire=entier, absents=SANS_OBJET | {"0", "9999"}
)
_OUI_OU_NON = "Écrire oui ou non : une cellule vide n'est pas lue comme non."
BOOLEEN = Type(dtype="boolean", attendu="oui ou non", lire=booleen, absents=SANS_OBJET, vide=_OUI_OU_NON)
QPV = Type(
    dtype="boolean",
    attendu="oui ou non (RPLS : 1 = oui, 2 = non)",
    lire=qpv,
    absents=SANS_OBJET,
    contraires=frozenset({"0", "2"}),
    vide=_OUI_OU_NON,
)
DATE_DEBUT = Type(
    dtype="datetime64[s]",
    attendu="une date JJ/MM/AAAA ou AAAA-MM-JJ",
    remede=remede_date,
    lire=date_debut,
    absents=SANS_OBJET | SANS_DATE,
)
DATE_FIN = Type(
    dtype="datetime64[s]",
    attendu="une date JJ/MM/AAAA ou AAAA-MM-JJ",
    remede=remede_date,
    lire=date_fin,
    absents=SANS_OBJET | SANS_DATE,
)
COMMUNE = Type(
    dtype=TEXTE,
    attendu="un code INSEE de commune, cinq caractères",
    lire=commune,
    absents=SANS_OBJET,
    remede=remede_commune,
)
TYPOLOGIE = Type(
    dtype=TEXTE,
    attendu="T1, T2, T3, T4 ou T5+ (ou le nombre de pièces)",
    lire=typologie,
    remede=remede_typologie,
    absents=SANS_OBJET | {"0"},
)
FINANCEMENT = Type(
    dtype=TEXTE,
    attendu="PLAI, PLUS (PLA ordinaire, HLM et HLM/O compris), PLS, PLI, AUTRE, ou un code FINAN du RPLS",
    lire=financement,
    proches=tuple(Financement),
    absents=SANS_OBJET,
)
