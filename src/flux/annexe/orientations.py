"""Sections on what the plan gives: objectives, then orientations by réservataire and by public."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from flux.allocation.phrases import conflicts_said
from flux.annexe.masque import MASQUE, Masque, mask, sentence
from flux.annexe.section import Section
from flux.annexe.selection import OTHERS, STATE, Selection
from flux.conversion.territoires import communes_of
from flux.dossier.appellations import BAILLEUR, Noms
from flux.rendu import glossaire
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    from flux.allocation import Plan

PUBLICS = ("agent", "dalo", "prioritaire", "autre")
BOUNDS = ("physique", "quota")
AIMS = ("equite",)
QPV = {True: "En QPV", False: "Hors QPV"}
# Objectives that count households by what they are: a small count on one commune is masked.
HOUSEHOLDS = (
    "q1_hors_qpv",
    "autres_qpv",
    "dalo_prioritaires",
    "travailleurs_essentiels",
    "residences_fragiles",
    "emmenages_recents",
)


def measured(plan: Plan) -> pd.DataFrame:
    """The objectives of the law and of the parties, without the rows that only bound the programme."""
    return plan.objectifs.loc[~plan.objectifs["niveau"].isin((*BOUNDS, *AIMS))]


def objectives_of(plan: Plan, vise: Selection | None) -> pd.DataFrame:
    """Those of `measured` that concern an annex: all, or those of the parties and of everybody with them."""
    table = measured(plan)
    return table if vise is None else table.loc[table.index.isin(_of_parties(plan, vise).index)]


def objectifs(plan: Plan, noms: Noms, seuil: int, vise: Selection | None = None) -> Section:
    """Each objective (T10): its text, rate, base and threshold, what the plan reaches and misses.

    `seuil` : least count of households that is published on one commune.
    """
    mine = plan.objectifs if vise is None else _of_parties(plan, vise)
    bounds = mine.loc[mine["niveau"].isin(BOUNDS)]
    passed = bounds.loc[(bounds["manque"] > 0) | (bounds["manque_entier"].fillna(0) > 0)]
    columns: list[str | Colonne] = [
        "objectif",
        "porteur",
        "territoire_code",
        "niveau",
        Colonne("taux", "part", "Taux"),
        "base",
        "seuil",
        "atteint",
        "manque",
        "manque_entier",
    ]
    aimed = objectives_of(plan, vise)
    rates = aimed["seuil"] / aimed["base"].where(aimed["base"] > 0)
    aimed = aimed.assign(taux=rates.round(9))  # both are the solver's: what floats leave is no rate
    hidden = hidden_counts(plan, aimed, seuil)
    tables = [
        Tableau(
            cle="objectifs.objectifs",
            titre="Objectifs : seuil, atteint, manque",
            frame=_owned(_masked(aimed, hidden), noms),
            colonnes=[*columns, "article"],
            note="« — » : sans objet, la base est vide."
            + (
                f" « {MASQUE} » : nombre masqué, de moins de {seuil} ménages sur une commune."
                if hidden.any()
                else ""
            ),
        )
    ]
    if len(passed):
        tables.append(
            Tableau(
                cle="objectifs.bornes",
                titre="Quotas et demande que le plan ne peut pas respecter",
                frame=_owned(passed, noms),
                colonnes=["objectif", "porteur", "territoire_code", *columns[6:]],
            )
        )
    aims = mine.loc[mine["niveau"].isin(AIMS)]
    if len(aims):
        tables.append(
            Tableau(
                cle="objectifs.equite",
                titre="Équité : logements qu'il faudrait échanger entre réservataires",
                frame=aims,
                colonnes=[
                    "objectif",
                    "base",
                    Colonne("atteint", "atteint", "Logements à échanger"),
                    "article",
                ],
                note="Écart entre ce que le plan donne à chaque réservataire et sa part proportionnelle. "
                "Aucun texte ne fixe de tolérance : les parties peuvent en stipuler une.",
            )
        )
    return Section(
        cle="objectifs",
        titre="Objectifs de l'année",
        paragraphes=(
            "L'objectif de premier quartile hors QPV se mesure sur tous les baux signés hors QPV, mutations "
            "et relogements compris, et non sur le seul flux.",
            *(() if len(passed) else ("Le plan respecte les quotas et la demande connue.",)),
            *map(noms.phrase, _conflicts(plan, mine)),
        ),
        tableaux=tuple(tables),
    )


def _owned(table: pd.DataFrame, noms: Noms) -> pd.DataFrame:
    """The same rows with names for codes; `*` is everybody on the territory."""
    owners = ["tous" if p == "*" else noms.reservataire(p) for p in table["porteur"]]
    return noms.table(table.assign(porteur=owners))


def _of_parties(plan: Plan, vise: Selection) -> pd.DataFrame:
    """The objectives that the parties of one convention bear, and those of everybody on their communes."""
    towns = plan.quotas.dossier.communes
    inside = towns.loc[towns["commune"].isin(vise.communes)]
    places = {*vise.communes, *inside["epci"].dropna(), *inside["departement"].dropna(), "*"}
    state = (
        {"etat"}
        if plan.quotas.table.set_index("id_reservataire")["categorie"]
        .reindex(list(vise.idents))
        .isin(STATE)
        .any()
        else set()
    )
    table = plan.objectifs
    common = (table["porteur"] == "*") & table["territoire_code"].isin(places)
    demand = table["niveau"] == "physique"
    return table.loc[table["porteur"].isin({*vise.idents, *state}) | common | demand]


def _conflicts(plan: Plan, mine: pd.DataFrame) -> list[str]:
    """The sentences on the conflicts that one of these objectives is a member of."""
    table = plan.conflits
    numbers = list(dict.fromkeys(table["conflit"])) if len(plan.phrases) else []
    theirs = set(table.loc[table["porteur"].isin(mine["porteur"]), "conflit"]) if numbers else set()
    kept = [phrase for number, phrase in zip(numbers, plan.phrases, strict=True) if number in theirs]
    return list(conflicts_said(kept, bool(table["liste_complete"].fillna(False).all())))


def _of_one_commune(plan: Plan) -> frozenset[str]:
    """Réservataires whose territory is a single commune; everybody where the plan has only one."""
    dossier = plan.quotas.dossier
    if plan.table["commune"].nunique() == 1:
        return frozenset({*plan.quotas.table["id_reservataire"], *plan.objectifs["porteur"]})
    columns = ("id_reservataire", "territoire_type", "territoire_code")
    rows = zip(*(dossier.reservataires[c].astype(str) for c in columns), strict=True)
    return frozenset(r for r, kind, code in rows if len(communes_of(dossier, kind, code)) == 1)


def hidden_counts(plan: Plan, aimed: pd.DataFrame, seuil: int) -> pd.Series:
    """Rows that count a few households of one commune."""
    towns = plan.quotas.dossier.communes["commune"]
    local = aimed["porteur"].isin(_of_one_commune(plan)) | aimed["territoire_code"].isin(towns)
    few = (aimed["atteint"] > 0) & (aimed["atteint"] < seuil)
    return aimed["objectif"].isin(HOUSEHOLDS) & local & few.fillna(False).astype(bool)


def masked_owners(plan: Plan, seuil: int) -> frozenset[str]:
    """Réservataires that have an objective whose count is masked."""
    aimed = measured(plan)
    return frozenset(aimed.loc[hidden_counts(plan, aimed, seuil), "porteur"].astype(str)) - {"*"}


def _masked(aimed: pd.DataFrame, hidden: pd.Series) -> pd.DataFrame:
    """What is reached is masked, and what it misses: the threshold less one is the other, and that nothing
    is missing of one dwelling says who has it.
    """
    columns = ("atteint", "manque", "manque_entier")
    return aimed.assign(**{c: aimed[c].astype(object).mask(hidden, MASQUE) for c in columns})


def publics(plan: Plan) -> pd.DataFrame:
    """Whole dwellings by réservataire (codes), by public, and those of the first quartile (`q1`)."""
    order = list(plan.quotas.table["id_reservataire"])
    present = [p for p in PUBLICS if (plan.table["priorite"] == p).any()]
    table = _pivot(plan.table, "priorite", present, order)
    first = plan.table.loc[plan.table["quartile"] == "q1"].groupby("id_reservataire")["nb"].sum()
    return table.assign(q1=[int(first.get(r, 0)) for r in table["id_reservataire"]])


def publics_mask(plan: Plan, table: pd.DataFrame, seuil: int) -> Masque:
    """What is masked of `publics`: the same in every annex of the plan, so that none completes another."""
    parts = [c for c in table.columns if c in PUBLICS]
    counts = table.assign(_others=table["ensemble"] - table["q1"])
    exposed = counts["id_reservataire"].isin(_of_one_commune(plan))
    found = mask(counts, [parts, ["q1", "_others"]], exposed.tolist(), seuil)
    # where every row is of one commune, so are the totals
    few = exposed.all() and any(0 < counts[c].sum() < seuil for c in (*parts, "q1", "_others"))
    return replace(found, totaux=found.totaux or bool(few))


def _publics_table(
    table: pd.DataFrame, hidden: Masque, noms: Noms, seuil: int, vise: Selection | None
) -> Tableau:
    counts = [c for c in table.columns if c in (*PUBLICS, "q1")]
    sums = [*counts, "ensemble"]
    totals = {c: MASQUE if hidden.totaux and c in counts else int(table[c].sum()) for c in sums}
    rows = set(hidden.lignes)
    if vise is not None:
        table = vise.fold(table, sums)
        # the row of the others would give back what is masked in a row that stands alone
        if rows & {*vise.idents, BAILLEUR}:
            rows.add(OTHERS)
    masked = table["id_reservataire"].isin(rows)
    frame = table.assign(**{c: table[c].astype(object).mask(masked, MASQUE) for c in counts})
    return Tableau(
        cle="orientations.publics",
        titre="Orientations par réservataire et par public",
        frame=noms.table(frame),
        colonnes=[
            "id_reservataire",
            *(Colonne(p, "nb", glossaire.format("priorite", p)) for p in counts if p != "q1"),
            Colonne("ensemble", "nb", "Ensemble"),
            Colonne("q1", "nb", "dont premier quartile"),
        ],
        total=totals,
        article="CCH, art. L. 441-1",
        note=sentence(seuil) if masked.any() or hidden.totaux else "",
    )


def kinds(plan: Plan) -> pd.DataFrame:
    """Whole dwellings by réservataire (codes), by place, size and loan, and `ensemble`."""
    table = plan.table.assign(
        localisation=plan.table["qpv"].astype(bool).map(QPV),
        financement=plan.table["financement"].map(lambda f: glossaire.format("financement", f)),
    )
    order = list(plan.quotas.table["id_reservataire"])
    values = [sorted(set(table[c])) for c in ("localisation", "typologie", "financement")]
    by_kind = _pivot(table, "localisation", values[0], order)
    for column, some in zip(("typologie", "financement"), values[1:], strict=True):
        by_kind = by_kind.merge(
            _pivot(table, column, some, order).drop(columns="ensemble"), on="id_reservataire"
        )
    return by_kind


def orientations(
    noms: Noms,
    counted: pd.DataFrame,
    by_kind: pd.DataFrame,
    hidden: Masque,
    seuil: int,
    vise: Selection | None = None,
) -> Section:
    """Whole dwellings by réservataire: by public, then by size, loan and QPV.

    `counted` is that of `publics`, `by_kind` that of `kinds`, `hidden` that of `publics_mask`.
    """
    every_kind = [c for c in by_kind.columns if c not in ("id_reservataire", "ensemble")]
    if vise is not None:
        by_kind = vise.fold(by_kind, [*every_kind, "ensemble"])
    return Section(
        cle="orientations",
        titre="Plan d'orientation",
        paragraphes=(
            "Nombre de logements que le bailleur prévoit d'orienter vers chaque réservataire. L'orientation "
            "ne préjuge pas de l'attribution, que décide la commission d'attribution des logements.",
        ),
        tableaux=(
            _publics_table(counted, hidden, noms, seuil, vise),
            Tableau(
                cle="orientations.qualite",
                titre="Orientations par réservataire, localisation, typologie et financement",
                frame=noms.table(by_kind),
                colonnes=[
                    "id_reservataire",
                    *(Colonne(k, "nb", k) for k in every_kind),
                    Colonne("ensemble", "nb", "Ensemble"),
                ],
                total=True,
                article="CCH, art. R. 441-5-1",
                note="Le nombre de chacun est son quota ; sa place en QPV ou hors QPV est celle du plan, et "
                "non la part proportionnelle de la section « Répartition par commune ».",
            ),
        ),
    )


def _pivot(table: pd.DataFrame, column: str, values: list[str], order: list[str]) -> pd.DataFrame:
    """Whole dwellings by réservataire (in `order`) and by value of `column`, with their sum."""
    counts = table.groupby(["id_reservataire", column])["nb"].sum()
    served = set(table["id_reservataire"])
    rows = [r for r in order if r in served]
    frame = pd.DataFrame({v: [int(counts.get((r, v), 0)) for r in rows] for v in values})
    frame.insert(0, "id_reservataire", rows)
    return frame.assign(ensemble=frame[values].sum(axis=1))
