"""One page for those who vote: three sentences and one table, for all the parties or for one convention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flux.annexe.orientations import hidden_counts, objectives_of
from flux.annexe.pourquoi import NEGLIGIBLE, dwellings
from flux.annexe.section import Section
from flux.dossier.appellations import BAILLEUR, Noms
from flux.rendu import nombres
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    import pandas as pd

    from flux.allocation import Plan
    from flux.annexe.selection import Selection
    from flux.conversion import Quotas

TOLERANCE = 5e-7  # half of the last decimal that a plan promises: below it, nothing is missing


ALL_READ = (
    "Ma part : la section « Taux et quotas » donne le quota de chaque réservataire, puis son calcul.",
    "Ma commune : la section « Répartition par commune » donne ce qui y est dû à chacun, et le solde que la "
    "commune garde pour l'année suivante.",
    "Mes droits : la section « État des lieux des réservations » donne les droits comptés au départ.",
)
ONE_READS = (
    "Mon quota : la section « Taux et quotas » dit pourquoi ce nombre, et pas un de plus.",
    "Mes communes : la section « Répartition par commune » donne ce qui est dû dans chacune.",
    "Mes droits : la section « État des lieux des réservations » donne les droits comptés au départ.",
)


def synthese(plan: Plan, noms: Noms, seuil: int, vise: Selection | None = None) -> Section:
    """From the stock to the flow, from the flow to the quotas, and what the plan reaches.

    `seuil` : least count of households that is published on one commune.
    """
    aimed = objectives_of(plan, vise)
    quotas = plan.quotas
    annee = quotas.dossier.convention.annee
    flux = quotas.exact["flux_a_partager"]
    expected, taken = (nombres.decimal(quotas.flux[c].sum(), 0) for c in ("liberations", "soustraits"))
    return Section(
        cle="synthese",
        titre="Synthèse",
        paragraphes=(
            f"En {annee}, le bailleur s'attend à ce qu'environ {expected} de ses "
            f"{nombres.entier(quotas.exact['base'])} logements se libèrent ; {taken} servent aux mutations "
            f"et aux relogements, que la loi met à part ; {dwellings(flux)} sont à partager, report de l'an "
            "dernier et arrondi compris.",
            _shared(quotas) if vise is None else _theirs(quotas, vise),
            _met(aimed, hidden_counts(plan, aimed, seuil), vise),
        ),
        puces=ALL_READ if vise is None else (*_kept(quotas, vise), *ONE_READS),
        tableaux=(_categories(quotas) if vise is None else _holders(quotas, noms, vise),),
    )


def _shared(quotas: Quotas) -> str:
    table, flux = quotas.table, quotas.exact["flux_a_partager"]
    own = int(table.loc[table["id_reservataire"] == BAILLEUR, "quota"].sum())
    holders = int((table.loc[table["id_reservataire"] != BAILLEUR, "quota"] > 0).sum())
    to = f"{holders} réservataires" if holders > 1 else f"{holders} réservataire"
    due = int(flux) - own
    return (
        f"{nombres.entier(due)} de ces logements {'sont dus' if due > 1 else 'est dû'} à {to}, selon leurs "
        f"droits et les plafonds de la loi ; {nombres.entier(own)} {'restent' if own > 1 else 'reste'} au "
        "bailleur."
    )


def _theirs(quotas: Quotas, vise: Selection) -> str:
    mine = vise.rows(quotas.table)
    flux, quota = float(quotas.exact["flux_a_partager"]), int(mine["quota"].sum())
    rights = mine["nb_droits"].dropna().sum()
    held = "droit" if rights < 2 else "droits"
    return (
        f"{vise.nom} : {nombres.entier(rights)} {held} de suite au départ, un quota exact de "
        f"{nombres.decimal(mine['quota_exact'].sum())}, un quota de {dwellings(quota)} en "
        f"{quotas.dossier.convention.annee}, soit {nombres.part(quota / flux if flux else None)} de ces "
        "logements."
    )


def _kept(quotas: Quotas, vise: Selection) -> tuple[str, ...]:
    """What a party gets of what its rights ask for, what is taken from it, what the next year owes it."""
    mine = vise.rows(quotas.table)
    cut, carried = vise.rows(quotas.reductions), vise.rows(quotas.soldes)["solde"].sum()
    taken = (cut["avant"] - cut["apres"]).sum()
    lost = sum(float(quotas.preuve.perdus.get(r, 0)) for r in vise.idents)
    said = []
    if len(mine) == 1 and (mine["part_droits"] > 0).fillna(False).all():
        rights, flow = mine.iloc[0][["part_droits", "part_flux"]]
        said.append(
            f"Ma part : {nombres.part(rights)} de l'assiette de mon territoire, {nombres.part(flow)} de son "
            "flux de l'année."
        )
    losses = [
        f"{nombres.combien(taken, 'logement')} du dû de l'année" if taken >= NEGLIGIBLE else "",
        f"{nombres.combien(lost, 'logement')} que le plafond en entiers refuse, sans report"
        if lost >= NEGLIGIBLE
        else "",
    ]
    if any(losses):
        said.append(f"Plafonds et réductions : {' ; '.join(filter(None, losses))}.")
    if abs(carried) < NEGLIGIBLE:
        owed = "rien n'est reporté"
    elif carried > 0:
        owed = f"{nombres.combien(carried, 'logement')} de plus au quota exact"
    else:
        owed = f"{nombres.combien(-carried, 'logement')} de moins au quota exact, servi d'avance"
    return (*said, f"En {quotas.dossier.convention.annee + 1} : {owed}.")


def _met(objectives: pd.DataFrame, hidden: pd.Series, vise: Selection | None) -> str:
    """How many objectives the plan reaches, and how much the others miss.

    An objective of few households is not counted: that it is reached would say how many they are.
    """
    asked = objectives.loc[~hidden].dropna(subset=["seuil"])
    apart = int((hidden & objectives["seuil"].notna()).sum())
    missed = asked.loc[asked["manque"] > TOLERANCE, "manque"]
    if asked.empty and not apart:
        return "Aucun objectif chiffré ne s'applique cette année."
    if asked.empty:
        return "Les objectifs de l'année comptent trop peu de ménages pour dire s'ils sont atteints."
    whose = " qui concernent cette convention" if vise else ""
    met = f"Objectifs{whose} atteints par le plan : {len(asked) - len(missed)} sur {len(asked)}"
    if apart:
        met += f" (hors {apart} dont l'effectif est masqué)"
    if missed.empty:
        return f"{met}."
    lost = nombres.decimal(missed.sum())
    lacks = "il manque " + lost + (" logement" if missed.sum() < 2 else " logements")
    return f"{met} ; {lacks} pour les autres."


def _categories(quotas: Quotas) -> Tableau:
    table, flux = quotas.table, quotas.exact["flux_a_partager"]
    rows = (
        table.groupby("categorie", sort=False).agg(nb=("quota", "size"), quota=("quota", "sum")).reset_index()
    )
    rows["part"] = rows["quota"] / float(flux) if flux else 0.0
    return Tableau(
        cle="synthese.categories",
        titre=f"Logements à orienter en {quotas.dossier.convention.annee}",
        frame=rows,
        colonnes=[
            "categorie",
            Colonne("nb", "nb_lignes", "Réservataires"),
            "quota",
            Colonne("part", "part_flux"),
        ],
        total={c: rows[c].dropna().sum() for c in ("quota", "part")},
        article="CCH, art. R. 441-5, I",
    )


def _holders(quotas: Quotas, noms: Noms, vise: Selection) -> Tableau:
    flux = float(quotas.exact["flux_a_partager"])
    rows = vise.fold(quotas.table, ["quota_exact", "quota"])
    rows = rows.assign(
        part=rows["quota"].astype(float) / flux if flux else 0.0,
        id_reservataire=rows["id_reservataire"].map(noms.reservataire),
    )
    return Tableau(
        cle="synthese.parties",
        titre=f"Logements à orienter en {quotas.dossier.convention.annee}",
        frame=rows,
        colonnes=["id_reservataire", "quota_exact", "quota", Colonne("part", "part", "Part de tout le flux")],
        total={c: rows[c].dropna().sum() for c in ("quota_exact", "quota", "part")},
        article="CCH, art. R. 441-5, I",
    )
