"""The dossier as it will stand on 1 January of the next year.

"la convention de réservation est actualisée annuellement pour adapter le calcul des réservations […] en
fonction des mises en service de programmes intervenues l'année précédente et de l'échéance des droits de
réservation" (CCH, art. R. 441-5, I, al. 12). Dates do most of it: a right that ends, a dwelling sold or let
first are judged by the conversion itself on the 1 January that it is given. What is written here is what no
date says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

import pandas as pd

from flux.conversion.assiette import classify
from flux.conversion.exact import half_up, of, total
from flux.conversion.flux import annual_flow, delivered
from flux.conversion.quotas import Quotas
from flux.conversion.registre import stock_identified
from flux.conversion.rotation import pooled_turnover
from flux.conversion.territoires import source_of
from flux.dossier import Dossier
from flux.loi import Regles
from flux.noyau.provenance import Source
from flux.rendu.nombres import entier

#: What a delivery says of its dwellings.
DECRIT = ("commune", "qpv", "typologie", "financement")


def next_year(passees: Sequence[Quotas], regles: Regles) -> tuple[Dossier, tuple[str, ...]]:
    """The dossier of the year that follows the last one of `passees`, and what had to be supposed.

    Parameters
    ----------
    passees : the quotas of the years already projected, from the convention's own.
    regles : the law of the year to come.
    """
    initial, avant = passees[0].dossier, passees[-1].dossier
    annee = avant.convention.annee + 1
    tables = {
        **avant.tables,
        "logements": _with_arriving(avant),
        "reservations": avant.reservations.loc[~_served(avant)],
        "soldes": _balances(passees[-1]),
        "soustractions": initial.soustractions,
    }
    made = Source(fichier=f"soldes de {annee - 1}, calculés par la projection", feuille="soldes")
    dossier = replace(avant.with_annee(annee), tables=tables, sources=_sourced(initial, "soldes", made))
    dossier, forecast = _with_forecast(_with_held_turnover(dossier, initial), passees, regles)
    return dossier, (*_said(initial, dossier), *forecast)


def arriving_dwellings(dossier: Dossier) -> pd.DataFrame:
    """The dwellings delivered in the dossier's year, a row each, as rows of `logements` without line.

    Where the stock already holds dwellings of that programme let first that year, those are the ones. What
    a delivery does not say is named "non renseigné", as at first letting: never guessed.
    """
    rows = delivered(dossier)
    annee, known = dossier.convention.annee, dossier.logements
    listed = known.loc[known["annee_mise_location"] == annee, ["programme", "commune"]]
    there = pd.MultiIndex.from_frame(rows[["programme", "commune"]]).isin(pd.MultiIndex.from_frame(listed))
    rows = rows.loc[~there].sort_values(["programme", *DECRIT])
    each = rows.loc[rows.index.repeat(rows["nb"].astype(int)), ["programme", *DECRIT]]
    number = each.groupby("programme").cumcount() + 1
    each = each.assign(
        id_logement=each["programme"].astype(str) + f"·{annee}·" + number.astype(str),
        annee_mise_location=annee,
        occupation=1,
        nature="ordinaire",
    )
    return each.reindex(columns=known.columns).astype(known.dtypes.to_dict())


def _with_arriving(dossier: Dossier) -> pd.DataFrame:
    known, arriving = dossier.logements, arriving_dwellings(dossier)
    if arriving.empty:
        return known
    first = int(known.index.max()) + 1 if len(known) else 0
    return pd.concat([known, arriving.set_axis(range(first, first + len(arriving)))])


def _with_held_turnover(dossier: Dossier, initial: Dossier) -> Dossier:
    """The window of the first year: no movement is known of the years since."""
    choix = initial.convention.choix
    since = range(initial.convention.annee, dossier.convention.annee)
    held = {
        "fenetre_rotation": choix.fenetre_rotation + len(since),
        "annees_exclues": (*choix.annees_exclues, *since),
    }
    return replace(dossier, convention=dossier.convention.changed("choix", held))


def _served(dossier: Dossier) -> pd.Series:
    """Single-use rights planned for the dossier's year: once served, they are extinguished."""
    rights = dossier.reservations
    served = (rights["type_droit"] == "unique") & (rights["annee_prevue"] == dossier.convention.annee)
    return served.fillna(False).astype(bool)


def _balances(quotas: Quotas) -> pd.DataFrame:
    """The balances of one year as the `soldes` of the next."""
    table = quotas.dossier.soldes
    made = quotas.soldes.reindex(columns=table.columns)
    return made.astype(table.dtypes.to_dict())


def _sourced(dossier: Dossier, table: str, source: Source) -> tuple[Source, ...]:
    """The sources, that of `table` replaced: what a projection makes was read in no file."""
    old = source_of(dossier, table)
    return (*(s for s in dossier.sources if s != old), source)


def _with_forecast(
    dossier: Dossier, passees: Sequence[Quotas], regles: Regles
) -> tuple[Dossier, tuple[str, ...]]:
    """The forecast of subtracted dwellings: the year's own, else the last one given, as the vacancies.

    Each row follows the vacancies of its scope (commune, QPV); whole dwellings, by largest remainder. With no
    forecast at all, the conversion takes the past share of mutations and relogements, every year.
    """
    annee, table = dossier.convention.annee, dossier.soustractions
    forecast = table.loc[table["etat"] == "previsionnel"]
    years = set(forecast["annee"])
    given = [q for q in passees if q.dossier.convention.annee in years]
    if annee in years or not given:
        return dossier, ()
    last = given[-1]
    origin = last.dossier.convention.annee
    rows = forecast.loc[forecast["annee"] == origin].sort_values(["categorie", "commune", "qpv", "nb"])
    classement = classify(dossier, regles, stock_identified(dossier, regles))
    now = annual_flow(dossier, regles, classement, pooled_turnover(dossier, classement)).table
    exact = [
        Fraction(int(nb)) * _ratio(_reached(now, c, q), _reached(last.flux, c, q))
        for nb, c, q in zip(rows["nb"], rows["commune"], rows["qpv"], strict=True)
    ]
    later = rows.assign(annee=annee, nb=_whole(exact), _ligne=float("nan")).astype(table.dtypes.to_dict())
    old = source_of(dossier, "soustractions")
    made = replace(old, fichier=f"{old.fichier}, prévision de {origin} prolongée", feuille="soustractions")
    said = (
        f"logements soustraits : prévision de {origin}, à proportion des libérations attendues, faute de "
        "celle de l'année."
    )
    tables = {**dossier.tables, "soustractions": pd.concat([table, later], ignore_index=True)}
    return replace(dossier, tables=tables, sources=_sourced(dossier, "soustractions", made)), (said,)


def _reached(flux: pd.DataFrame, commune: Any, qpv: Any) -> Fraction:
    """Expected vacancies of the segments that a row of the forecast reaches."""
    reached = pd.Series(True, index=flux.index)
    if pd.notna(commune):
        reached &= flux["commune"] == commune
    if pd.notna(qpv):
        reached &= flux["qpv"] == bool(qpv)
    return total([of(v) for v in flux.loc[reached, "liberations"]])


def _ratio(now: Fraction, then: Fraction) -> Fraction:
    return now / then if then else Fraction(1)


def _whole(exact: Sequence[Fraction]) -> list[int]:
    """Whole dwellings that add up to the rounded sum: largest remainders, the first one of a tie."""
    out = [floor(v) for v in exact]
    left = half_up(total(exact)) - sum(out)
    for i in sorted(range(len(exact)), key=lambda i: (out[i] - exact[i], i))[:left]:
        out[i] += 1
    return out


def _said(initial: Dossier, dossier: Dossier) -> tuple[str, ...]:
    """What is supposed of the year, one French sentence each."""
    first, forecast = initial.convention.annee, initial.convention.hypotheses.liberations_prevues
    held = "taux de rotation" if forecast is None else "libérations prévues par le bailleur"
    said = [
        f"{held} de {first}, aucun mouvement n'étant connu depuis ; droit connu aujourd'hui ; chaque quota "
        "supposé servi, les soldes passant d'une année à l'autre."
    ]
    supposed = dossier.logements.loc[dossier.logements["_ligne"].isna(), ["typologie", "financement"]]
    if len(supposed):
        unsaid = int((supposed == "non renseigné").any(axis=1).sum())
        said.append(
            f"{entier(len(supposed))} logement(s) livrés, comptés dans l'assiette l'année d'après comme la "
            "table des livraisons les décrit"
            + (f", dont {entier(unsaid)} sans typologie ou sans financement." if unsaid else ".")
        )
    return tuple(said)
