"""How a `Projection` shows itself: tables by year, a picture, a dictionary for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.conversion.cellules import BAILLEUR
from flux.conversion.enveloppe import envelope, records
from flux.conversion.quotas import Quotas
from flux.conversion.remarques import names
from flux.conversion.tables import holders
from flux.conversion.territoires import communes_of
from flux.dossier import Dossier
from flux.rendu import images_annees
from flux.rendu.nombres import entier
from flux.rendu.vue import Colonne, Tableau, Vue

if TYPE_CHECKING:
    from flux.conversion.projection.projection import Projection

EVENEMENTS = ("nature", "id_reservataire", "commune", "date", "nb", "effet_droits", "effet_assiette", "detail")


def year_table(quotas: Quotas) -> pd.DataFrame:
    """One year of `projection.table`."""
    served = quotas.livraisons.groupby("id_reservataire")["nb"].sum()
    table = quotas.table.assign(
        nb_premieres_locations=quotas.table["id_reservataire"].map(served).fillna(0).astype(int),
        flux=int(quotas.exact["flux_a_partager"]),
        assiette=int(quotas.exact["base"]),
    )
    table.insert(0, "annee", quotas.dossier.convention.annee)
    return table


def warnings(quotas: Sequence[Quotas]) -> tuple[str, ...]:
    """Each warning once, with the years that give it."""
    years: dict[str, list[int]] = {}
    for q in quotas:
        for text in q.avertissements:
            years.setdefault(text, []).append(q.dossier.convention.annee)
    return tuple(f"{', '.join(map(str, given))} : {text}" for text, given in years.items())


def called(dossier: Dossier) -> dict[str, str]:
    """The name of each holder and of the bailleur."""
    return names(dossier) | {BAILLEUR: f"{dossier.convention.bailleur.nom} (non réservé)"}


def projection_view(projection: Projection) -> Vue:
    """Shares and quotas by year, the flow and the base, the events."""
    noms = called(projection.dossier)
    table = projection.table.assign(nom=projection.table["id_reservataire"].map(noms))
    years = projection.annees
    order = list(dict.fromkeys(table["nom"]))

    def by_year(column: str) -> pd.DataFrame:
        wide = table.pivot(index="nom", columns="annee", values=column).loc[order].reset_index()
        return wide.rename(columns={a: str(a) for a in years}).rename_axis(columns=None)

    def shown(column: str) -> list[str | Colonne]:
        return ["nom", *(Colonne(str(a), column, str(a)) for a in years)]

    totals = table.groupby("annee")["quota"].sum()
    flow = table.drop_duplicates("annee")[["annee", "assiette", "flux"]]
    happened = projection.evenements.assign(
        id_reservataire=projection.evenements["id_reservataire"].map(noms),
    )
    convention = projection.dossier.convention
    return Vue(
        titre=f"Projection {years[0]}-{years[-1]} de {convention.bailleur.nom}",
        tableaux=(
            Tableau(titre="Part du flux de son territoire", frame=by_year("part_flux"), colonnes=shown("part_flux")),
            Tableau(
                titre="Quotas",
                frame=by_year("quota"),
                colonnes=shown("quota"),
                total={str(a): totals[a] for a in years},
            ),
            Tableau(
                titre="Assiette et flux",
                frame=flow,
                colonnes=["annee", Colonne("assiette", "projection.assiette"), Colonne("flux", "projection.flux")],
            ),
            Tableau(
                titre="Ce qui fait bouger les parts",
                frame=happened,
                colonnes=["annee", *(Colonne(c, f"evenements.{c}") for c in EVENEMENTS)],
            ),
        ),
        notes=(*projection.hypotheses, *projection.avertissements),
    )


def projection_picture(projection: Projection) -> Any:
    """A panel a réservataire that has rights in one year or another."""
    noms = called(projection.dossier)
    table = projection.table
    held = table.groupby("id_reservataire")["part_flux"].max()
    shown = [i for i in dict.fromkeys(table["id_reservataire"]) if held[i] > 0]
    parts = table.loc[table["id_reservataire"].isin(shown), ["id_reservataire", "annee", "part_flux"]]
    marks = pd.concat([_marks(projection, i) for i in shown])
    return images_annees.projection(
        parts.assign(nom=parts["id_reservataire"].map(noms)),
        marks.assign(nom=marks["id_reservataire"].map(noms)),
        titre=f"Part du flux de son territoire, {projection.annees[0]}-{projection.annees[-1]}",
    )


def _marks(projection: Projection, ident: str) -> pd.DataFrame:
    """Years and natures of the events of one holder: its own, and the base of its territory."""
    home = {
        i: set(communes_of(projection.dossier, kind, code)) for i, _, kind, code in holders(projection.dossier)
    }[ident]
    table = projection.evenements
    common = table["id_reservataire"].isna() & (table["commune"].isin(home) | table["commune"].isna())
    mine = table.loc[(table["id_reservataire"] == ident) | common, ["annee", "nature"]]
    return mine.drop_duplicates().assign(id_reservataire=ident)


def projection_dict(projection: Projection) -> dict[str, Any]:
    """The stage `project` of the schema "flux/1"."""
    first = projection.quotas[0]
    return envelope(first.dossier, first.regles, "project", projection.hypotheses) | {
        "avertissements": list(projection.avertissements),
        "projection": {
            "annees": list(projection.annees),
            "table": records(projection.table),
            "evenements": records(projection.evenements),
            "causes": records(projection.causes),
        },
    }
