"""How a `Projection` shows itself: tables by year, a picture, a dictionary for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.conversion.cellules import BAILLEUR
from flux.conversion.enveloppe import envelope, records
from flux.conversion.projection.evenements import concerning
from flux.conversion.quotas import Quotas
from flux.conversion.remarques import names
from flux.dossier import Dossier
from flux.noyau.provenance import line_ranges
from flux.rendu import images_annees
from flux.rendu.vue import Colonne, Tableau, Vue

if TYPE_CHECKING:
    from flux.conversion.projection.projection import Projection

EVENEMENTS = (
    "nature",
    "id_reservataire",
    "commune",
    "date",
    "nb",
    "effet_droits",
    "effet_assiette",
    "detail",
)


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


def by_years(said: Iterable[tuple[int, Iterable[str]]]) -> tuple[str, ...]:
    """Each sentence once, after the years that say it: "2027-2031 : …"."""
    years: dict[str, list[int]] = {}
    for annee, sentences in said:
        for text in sentences:
            years.setdefault(text, []).append(annee)
    return tuple(f"{line_ranges(given)} : {text}" for text, given in years.items())


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
            Tableau(
                titre="Part du flux de son territoire",
                frame=by_year("part_flux"),
                colonnes=shown("part_flux"),
            ),
            Tableau(
                titre="Quotas",
                frame=by_year("quota"),
                colonnes=shown("quota"),
                total={str(a): totals[a] for a in years},
            ),
            Tableau(
                titre="Assiette et flux",
                frame=flow,
                colonnes=[
                    "annee",
                    Colonne("assiette", "projection.assiette"),
                    Colonne("flux", "projection.flux"),
                ],
            ),
            Tableau(
                titre="Ce qui fait bouger les parts",
                frame=happened,
                colonnes=["annee", *(Colonne(c, f"evenements.{c}") for c in EVENEMENTS)],
            ),
        ),
        notes=(*projection.hypotheses, *_pointer(projection)),
    )


def _pointer(projection: Projection) -> tuple[str, ...]:
    """Where the warnings of the years are: a dozen a year would hide the tables."""
    nb = len(projection.avertissements)
    return (f"{nb} avertissement(s) des conversions de chaque année : .avertissements.",) if nb else ()


def projection_picture(projection: Projection) -> Any:
    """A panel a réservataire that has a share in one year or another."""
    noms = called(projection.dossier)
    table = projection.table.assign(nom=projection.table["id_reservataire"].map(noms))
    shown = table.loc[table.groupby("id_reservataire")["part_flux"].transform("max") > 0]
    idents = list(dict.fromkeys(shown["id_reservataire"]))
    first, happened = projection.quotas[0], projection.evenements
    marks = pd.concat([concerning(first, happened, [i]).assign(nom=noms[i]) for i in idents])
    return images_annees.projection(
        shown[["nom", "annee", "part_flux", "quota"]],
        marks[["nom", "annee", "nature"]].drop_duplicates(),
        titre="Part du flux de son territoire, et quota de l'année en logements (sous l'année)",
    )


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
