"""From stock to flow for someone somewhere: a step a cause, in figures, in words and as a staircase."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd

from flux.conversion.enveloppe import records
from flux.conversion.exact import total
from flux.rendu import glossaire, images_causes
from flux.rendu.nombres import decimal
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

DIGITS = 9  # decimals of the tables; exact values are kept beside
CITED = Fraction(1, 20)  # dwellings: a cause below it is said with the others that are


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Cascade(Affichable):
    """From stock to flow, cause after cause, for someone somewhere.

    Attributes
    ----------
    titre : who, and where.
    stock, flux : dwellings a year, first lettings included.
    effets : cause -> dwellings; they add up exactly to flux − stock.
    """

    titre: str
    stock: Fraction
    flux: Fraction
    effets: dict[str, Fraction]

    @property
    def table(self) -> pd.DataFrame:
        """`cause, logements`, the causes that move something."""
        rows = [(c, round(float(v), DIGITS)) for c, v in self.effets.items() if round(v, DIGITS)]
        return pd.DataFrame(rows, columns=["cause", "logements"])

    @property
    def phrases(self) -> tuple[str, ...]:
        """What moves, then why, the largest first: figures, and all of them."""
        gap = self.flux - self.stock
        said = (
            f"{self.titre} : {decimal(self.stock)} logements par an en stock, {decimal(self.flux)} en flux, "
            f"soit {signed(gap)}."
        )
        order = sorted(self.effets.items(), key=lambda item: (-abs(item[1]), item[0]))
        cited = [f"{words(c)} {signed(v)}" for c, v in order if abs(v) >= CITED]
        small = [v for _, v in order if 0 < abs(v) < CITED]
        if small:
            cited.append(f"autres causes {signed(total(small))}")
        return (said, f"Causes, qui s'additionnent : {' ; '.join(cited) or 'aucune'}.")

    def vue(self) -> Vue:
        """Sentences, then causes in their order."""
        gap = float(self.flux - self.stock)
        tableau = Tableau(
            titre="Ce que chaque cause ajoute, dans l'ordre où elles sont appliquées",
            frame=self.table,
            colonnes=[Colonne(c, f"decomposition.{c}") for c in ("cause", "logements")],
            total={"logements": gap},
        )
        return Vue(titre=self.titre, tableaux=(tableau,), notes=self.phrases)

    def plot(self) -> Any:
        """Stock, each cause, flow, as a staircase (a matplotlib figure)."""
        frame = self.table
        frame["nom"] = frame["cause"].map(words)
        return images_causes.escalier(
            frame, float(self.stock), float(self.flux), titre=f"Du stock au flux : {self.titre}"
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {"titre": self.titre, "stock": round(float(self.stock), DIGITS),
                "flux": round(float(self.flux), DIGITS), "causes": records(self.table),
                "phrases": list(self.phrases)}


def words(cause: str) -> str:
    """A cause as people read it."""
    return glossaire.format("decomposition.cause", cause)


def signed(value: Fraction | float, nb: int = 2) -> str:
    """A difference with its sign: "+1,20", "−0,35", "0,00"."""
    said = decimal(value, nb)
    return f"+{said}" if value > 0 and said.strip("0,") else said
