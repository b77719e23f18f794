"""Why a share moves, told to people: a sentence a year, a row a cause."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.conversion.cellules import BAILLEUR, ETAT_CATEGORIES
from flux.conversion.enveloppe import records
from flux.conversion.explication import ETAT
from flux.conversion.projection.causes import ORDRE
from flux.conversion.projection.evenements import concerning
from flux.conversion.remarques import names
from flux.noyau.errors import FluxError, near_misses
from flux.rendu import glossaire
from flux.rendu.nombres import date, decimal, entier, part
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

if TYPE_CHECKING:
    from flux.conversion.projection.projection import Projection

CITED = 4
#: The causes under which events are said: an end gives its part of a shared dwelling to the others.
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
    """The story of one réservataire, of the bailleur, or of the State as a group ("etat").

    Raises
    ------
    FluxError
        Code "explication.inconnu": nobody of that name; near-misses suggested.
    """
    members, nom = _named(projection, ident)
    own = projection.causes.loc[projection.causes["id_reservataire"].isin(members)]
    own = own.groupby(["annee", "cause"], as_index=False)[["effet_part", "effet_logements"]].sum()
    rank = {cause: n for n, cause in enumerate(ORDRE)}
    own = own.sort_values(["annee", "cause"], key=lambda c: c.map(rank) if c.name == "cause" else c)
    rows = projection.table.loc[projection.table["id_reservataire"].isin(members)]
    rows = rows.groupby("annee")[["part_flux", "quota"]].sum()
    events = concerning(projection.quotas[0], projection.evenements, members)
    phrases = [
        f"{projection.annees[0]} : {nom} a {part(rows['part_flux'].iloc[0], 2)} du flux de son territoire, "
        f"quota {entier(rows['quota'].iloc[0])}."
    ]
    for annee in projection.annees[1:]:
        causes = own.loc[own["annee"] == annee]
        happened = _happened(events.loc[events["annee"] == annee], members)
        served = events.loc[(events["annee"] == annee - 1) & (events["nature"] == "droit_unique")]
        gone = [f"{_said(row)}, servis en {annee - 1}" for row in served.to_dict("records")]
        happened["droit_unique"] = [*happened.get("droit_unique", []), *gone]
        phrases.append(_year(rows, annee, causes, happened))
    return Recit(nom, tuple(phrases), own.reset_index(drop=True))


def _named(projection: Projection, ident: str) -> tuple[list[str], str]:
    """The holders that `ident` means, and the name that people read."""
    dossier = projection.dossier
    noms = names(dossier) | {BAILLEUR: dossier.convention.bailleur.nom}
    table = dossier.reservataires
    state = [str(i) for i in table.loc[table["categorie"].isin(ETAT_CATEGORIES), "id_reservataire"]]
    if ident == ETAT and state:
        return state, "l'État, priorité et agents"
    if ident in noms:
        return [ident], noms[ident]
    close = ", ".join(near_misses(ident, [*noms, ETAT])) or ", ".join(sorted(noms))
    raise FluxError(
        f"Aucun réservataire « {ident} ». Vouliez-vous dire : {close} ?", code="explication.inconnu"
    )


def _year(rows: pd.DataFrame, annee: int, causes: pd.DataFrame, events: dict[str, list[str]]) -> str:
    """One year: from what to what, then each cause that shows, with the events that make it."""
    told = []
    for cause, share, dwellings in zip(
        causes["cause"], causes["effet_part"], causes["effet_logements"], strict=True
    ):
        told_by = [counted(100 * share, "point"), counted(dwellings, "logement")]
        if moved := [text for text in told_by if text]:
            what = f" ({_cited(events[cause])})" if events.get(cause) else ""
            told.append(f"{glossaire.format('causes.cause', cause)} {' et '.join(moved)}{what}")
    (share, quota), (shares, quotas) = (rows.loc[a, ["part_flux", "quota"]] for a in (annee - 1, annee))
    told_share = f"{annee} : de {part(share, 2)} à {part(shares, 2)} du flux"
    told_quota = f"quota de {entier(quota)} à {entier(quotas)}"
    return f"{told_share}, {told_quota}. " + (" ; ".join(told) + "." if told else "Rien ne change.")


def counted(value: float, word: str) -> str:
    """A number with its sign and its word: "+0,12 point", "−2,86 points"; "" for what rounds to nothing."""
    text = decimal(abs(value))
    if text == decimal(0):
        return ""
    return f"{'+' if value > 0 else '−'}{text} {word}{'s' if abs(value) >= 2 else ''}"


def _cited(texts: list[str]) -> str:
    rest = len(texts) - CITED
    return ", ".join(texts[:CITED]) + (f" et {rest} autre{'s' if rest > 1 else ''}" if rest > 0 else "")


def _happened(events: pd.DataFrame, members: Sequence[str]) -> dict[str, list[str]]:
    """Cause -> what happened, in few words: one's own rights, then the base and the law, then others'."""
    own, common = events["id_reservataire"].isin(members), events["id_reservataire"].isna()
    out: dict[str, list[str]] = {}
    for row in pd.concat([events.loc[own], events.loc[common], events.loc[~own & ~common]]).to_dict(
        "records"
    ):
        out.setdefault(CAUSE_OF.get(row["nature"], row["nature"]), []).append(_said(row))
    return out


def _said(row: Mapping[Hashable, Any]) -> str:
    if pd.notna(row["detail"]):
        return str(row["detail"])
    what = "droit" if pd.notna(row["id_reservataire"]) else "logement"
    plural = "s" if row["nb"] > 1 else ""
    where = "" if pd.isna(row["programme"]) else f" de {row['programme']}"
    when = "" if pd.isna(row["date"]) else f" le {date(row['date'])}"
    return f"{entier(row['nb'])} {what}{plural}{where}{when}"
