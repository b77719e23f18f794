"""Names for codes: what people read where the tables hold identifiers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.rendu import glossaire
from flux.rendu.glossaire import clean
from flux.rendu.nombres import ABSENT, absent

if TYPE_CHECKING:
    from flux.dossier import Dossier

BAILLEUR = "bailleur"
# A word of a sentence that can only be an identifier or a code: "commune_00108", "00108".
_CODE = re.compile(r"\b(?=\w*[\d_])\w{3,}\b")
# A number, or the mark of a plural that waits for the number before it.
_PLURIEL = re.compile(r"(\d[\d \u00a0\u202f]*(?:,\d+)?)|\(s\)")
_CHOIX = re.compile(r"\b([a-z_]+) = ([a-z_0-9]+)\b")


@dataclass(frozen=True, slots=True)
class Noms:
    """Name of each réservataire, commune and territory by its code; a code without a name stays as it is."""

    reservataires: Mapping[str, str]
    communes: Mapping[str, str]
    territoires: Mapping[str, str]

    @classmethod
    def of(cls, dossier: Dossier) -> Noms:
        """The names that the dossier gives."""
        holders, towns = dossier.reservataires, dossier.communes
        return cls(
            reservataires=_distinct(holders["id_reservataire"], holders["nom"])
            | {BAILLEUR: "Bailleur (part non réservée)", "etat": "État"},
            communes=_distinct(towns["commune"], towns["nom"]),
            territoires=_distinct(towns["epci"], towns["epci_nom"]),
        )

    def reservataire(self, code: Any) -> str:
        """Name of a réservataire."""
        return _named(code, self.reservataires)

    def commune(self, code: Any) -> str:
        """Name of a commune."""
        return _named(code, self.communes)

    def territoire(self, code: Any) -> str:
        """Name of a territory: commune, EPCI, département by its code, or several ("00101+00105")."""
        if code == "*":
            return "ensemble"
        if "+" in str(code):
            return ", ".join(map(self.territoire, str(code).split("+")))
        names = {**self.territoires, **self.communes}
        known = not absent(code) and str(code) not in names and len(str(code)) <= 3
        return f"Département {code}" if known else _named(code, names)

    def table(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The same rows with names for the codes of réservataires, communes and territories."""
        written = {
            "id_reservataire": self.reservataire,
            "porteur": lambda code: "tous" if code == "*" else self.reservataire(code),
            "commune": self.commune,
            "territoire_code": self.territoire,
        }
        known = {
            column: frame[column].map({value: name(value) for value in frame[column].unique()})
            for column, name in written.items()
            if column in frame.columns
        }
        return frame.assign(**known)

    def phrase(self, texte: str) -> str:
        """A sentence of the computation with names for its codes, and words for the choices it cites."""
        known = {**self.territoires, **self.communes, **self.reservataires}
        said = _CHOIX.sub(_choice, texte)
        return clean(_CODE.sub(lambda m: known.get(m[0], m[0]), _agreed(said)))


def _agreed(texte: str) -> str:
    """The same with plurals that agree: "1 logement(s)" -> "1 logement", "2 droit(s)" -> "2 droits"."""
    several = True

    def write(found: re.Match[str]) -> str:
        nonlocal several
        if found[1] is None:
            return "s" if several else ""
        several = float(re.sub(r"\s", "", found[1]).replace(",", ".")) >= 2
        return found[0]

    return _PLURIEL.sub(write, texte)


def _choice(match: re.Match[str]) -> str:
    cle, valeur = match.groups()
    if cle not in glossaire.termes("choix"):
        return match[0]
    written = glossaire.format(f"choix.{cle}", valeur).rstrip(".")
    return f"choix « {glossaire.libelle(f'choix.{cle}')} » : {written}"


def _named(code: Any, names: Mapping[str, str]) -> str:
    return ABSENT if absent(code) else clean(names.get(str(code), str(code)))


def _distinct(codes: pd.Series, names: pd.Series) -> dict[str, str]:
    """Code -> name; two codes of the same name show their code too."""
    pairs = {str(c): str(n) for c, n in zip(codes, names, strict=True) if not absent(c) and not absent(n)}
    homonyms = {n for n, times in Counter(pairs.values()).items() if times > 1}
    return {c: f"{n} ({c})" if n in homonyms else n for c, n in pairs.items()}
