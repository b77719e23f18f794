"""How `Quotas` shows itself: views for people, a dictionary for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flux.conversion.enveloppe import envelope, records
from flux.conversion.images import named
from flux.dossier.appellations import Noms
from flux.rendu.nombres import combien, entier
from flux.rendu.vue import Colonne, Tableau, Vue

if TYPE_CHECKING:
    from flux.conversion.quotas import Quotas

#: The tables of the schema, with the columns by which they are sorted where their own order is another.
TABLES: dict[str, list[str]] = {
    "table": [],
    "communes": [],
    "plafonds": ["groupe", "territoire_code"],
    "assiette": [],
    "flux": [],
    "livraisons": [],
    "soustractions": ["categorie", "commune", "qpv", "etat"],
    "soldes": [],
}


def quotas_view(quotas: Quotas) -> Vue:
    """The quotas, the ceilings, and what the reader must know."""
    convention, known = quotas.dossier.convention, Noms.of(quotas.dossier)
    return Vue(
        titre=f"Quotas {convention.annee} de {convention.bailleur.nom} : "
        f"{combien(quotas.exact['flux_a_partager'], 'logement')} à partager, "
        f"pour {entier(quotas.exact['base'])} dans l'assiette",
        tableaux=(
            Tableau(
                titre="Quotas par réservataire",
                frame=named(quotas),
                colonnes=[
                    "nom",
                    "nb_droits",
                    "part_droits",
                    "part_flux",
                    "quota_exact",
                    "quota",
                    "plafond",
                    "plafond_atteint",
                ],
                total={
                    "nb_droits": quotas.table["nb_droits"].sum(),
                    "quota_exact": quotas.table["quota_exact"].sum(),
                    "quota": quotas.table["quota"].sum(),
                },
            ),
            Tableau(
                titre="Plafonds de la loi",
                frame=known.table(quotas.plafonds),
                colonnes=[
                    "groupe",
                    "territoire_code",
                    "part_max",
                    "exact",
                    "nb",
                    Colonne("plafond"),
                    Colonne("atteint", cle="plafonds.atteint"),
                    "article",
                ],
            ),
        ),
        notes=tuple(
            map(known.phrase, (quotas.vacances.resume, *quotas.hypotheses, *quotas.avertissements))
        ),
    )


def quotas_dict(quotas: Quotas) -> dict[str, Any]:
    """The stage `convert` of the schema "flux/1"."""
    return envelope(quotas.dossier, quotas.regles, "convert", quotas.hypotheses) | {
        "avertissements": list(quotas.avertissements),
        "quotas": {
            name: records(frame.sort_values(keys) if keys else frame)
            for name, keys in TABLES.items()
            for frame in [getattr(quotas, name)]
        },
    }
