"""Why a share moves, told to people: a sentence a year, a row a cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.conversion.cellules import BAILLEUR
from flux.conversion.enveloppe import records
from flux.conversion.projection.causes import ORDRE
from flux.conversion.remarques import names
from flux.noyau.errors import FluxError, near_misses
from flux.rendu import glossaire
from flux.rendu.nombres import date, decimal, entier, part
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

if TYPE_CHECKING:
    from flux.conversion.projection.projection import Projection

CITED = 4
#: The causes under which what the events tell is said: an end gives its part of a shared dwelling to the others.
CAUSE_OF = {"derogation": "loi", "partage": "echeance"}


@dataclass(frozen=True, repr=False, eq=False)
class Recit(Affichable):
    """The sentences of one réservataire, and the table of causes that they tell."""

    nom: str
    phrases: tuple[str, ...]
    table: pd.DataFrame

    def vue(self) -> Vue:
        """Sentences, then causes."""
        tableau = Tableau(
            titre="Ce que chaque cause ajoute, dans l'ordre où elles sont appliquées",
            frame=self.table,
            colonnes=[
                "annee",
                Colonne("cause", "causes.cause"),
                Colonne("effet_part", "causes.effet_part"),
                Colonne("effet_logements", "causes.effet_logements"),
            ],
        )
        return Vue(titre=f"Pourquoi la part de {self.nom} change", tableaux=(tableau,), notes=self.phrases)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: sentences and causes."""
        return {"nom": self.nom, "phrases": list(self.phrases), "causes": records(self.table)}


def tell(projection: Projection, ident: str) -> Recit:
    """The story of one réservataire, or of the bailleur.

    Raises
    ------
    FluxError
        Code "explication.inconnu".
    """
    noms = names(projection.dossier) | {BAILLEUR: projection.dossier.convention.bailleur.nom}
    if ident not in noms:
        close = ", ".join(near_misses(ident, noms)) or ", ".join(sorted(noms))
        raise FluxError(
            f"Aucun réservataire « {ident} ». Vouliez-vous dire : {close} ?", code="explication.inconnu"
        )
    own = projection.causes.loc[projection.causes["id_reservataire"] == ident]
    rank = {cause: n for n, cause in enumerate(ORDRE)}
    own = own.assign(rang=own["cause"].map(rank)).sort_values(["annee", "rang"])
    own = own.drop(columns=["rang", "id_reservataire"]).reset_index(drop=True)
    rows = projection.table.loc[projection.table["id_reservataire"] == ident].set_index("annee")
    phrases = [_opening(rows, noms[ident])]
    for annee in projection.annees[1:]:
        causes = own.loc[own["annee"] == annee]
        phrases.append(_year(rows.loc[annee - 1], rows.loc[annee], annee, causes, _happened(projection, ident, annee)))
    return Recit(noms[ident], tuple(phrases), own)


def _opening(rows: pd.DataFrame, nom: str) -> str:
    annee, row = int(rows.index[0]), rows.iloc[0]
    return (
        f"En {annee}, {nom} a {part(row['part_flux'], 2)} du flux de son territoire et un quota de "
        f"{entier(row['quota'])}."
    )


def _year(
    before: pd.Series, after: pd.Series, annee: int, causes: pd.DataFrame, events: dict[str, list[str]]
) -> str:
    """One year: from what to what, then each cause that shows, with the events that make it."""
    told = [
        glossaire.format("causes.cause", cause).lower()
        + f" {points} et {signed(dwellings)} logement"
        + (f" ({_cited(events[cause])})" if events.get(cause) else "")
        for cause, share, dwellings in zip(
            causes["cause"], causes["effet_part"], causes["effet_logements"], strict=True
        )
        for points in [f"{signed(100 * share)} point"]
        if abs(share) >= 5e-5 or abs(dwellings) >= 5e-3
    ]
    head = (
        f"{annee} : de {part(before['part_flux'], 2)} à {part(after['part_flux'], 2)} du flux, "
        f"quota de {entier(before['quota'])} à {entier(after['quota'])}"
    )
    return f"{head}. " + (" ; ".join(told) + "." if told else "Rien ne change.")


def signed(value: float) -> str:
    """A number with its sign: "+0,12", "−0,12", "0,00"."""
    text = decimal(abs(value))
    return text if text == decimal(0) else ("+" if value > 0 else "−") + text


def _cited(texts: list[str]) -> str:
    rest = len(texts) - CITED
    return ", ".join(texts[:CITED]) + (f" et {rest} autre{'s' if rest > 1 else ''}" if rest > 0 else "")


def _happened(projection: Projection, ident: str, annee: int) -> dict[str, list[str]]:
    """Cause -> what happened, in few words: the holder's own rights, else the base and the law."""
    table = projection.evenements.loc[projection.evenements["annee"] == annee]
    own = table["id_reservataire"].eq(ident)
    common = table["id_reservataire"].isna()
    out: dict[str, list[str]] = {}
    for row in pd.concat([table.loc[own], table.loc[common]]).to_dict("records"):
        out.setdefault(CAUSE_OF.get(row["nature"], row["nature"]), []).extend(_said(row))
    return out


def _said(row: dict[str, Any]) -> Iterator[str]:
    if pd.notna(row["detail"]):
        yield str(row["detail"])
        return
    what = "droit" if pd.notna(row["id_reservataire"]) else "logement"
    nb = row["nb"]
    plural = "s" if nb > 1 else ""
    where = "" if pd.isna(row["programme"]) else f" à {row['programme']}"
    when = "" if pd.isna(row["date"]) else f" le {date(row['date'])}"
    yield f"{entier(nb)} {what}{plural}{where}{when}"
