"""The leaves of every tree: what was read in the files and in the convention, and the flows made from it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flux.conversion.assiette import Classement
from flux.conversion.exact import total
from flux.conversion.flux import Flux
from flux.conversion.liberations import Liberations
from flux.conversion.operations import add, constant, leaf, multiply, scale, subtract, whole_flow
from flux.conversion.rotation import Rotation
from flux.conversion.soustraits import Soustraits
from flux.dossier import Dossier
from flux.noyau.provenance import Figure

ARTICLE_FLUX = "CCH, art. R. 441-5, I"


@dataclass(frozen=True)
class Feuilles:
    """Figures of the base and of the flow, by commune and for the whole.

    liberations, soustraits : the same by segment, on request
    base, flux, relocations : commune -> figure (`relocations` is the flow on which rates apply;
    `flux` holds the first lettings too, where the parties put them in the flow)
    """

    dossier: Dossier
    liberations: Liberations
    soustraits: Soustraits
    echelle: Figure
    base: dict[str, Figure]
    relocations: dict[str, Figure]
    flux: dict[str, Figure]
    flux_hors_qpv: dict[str, Fraction]
    base_totale: Figure
    flux_total: Figure
    relocations_totales: Figure

    @property
    def communes(self) -> list[str]:
        """Communes that carry a flow or a dwelling of the base, sorted by code."""
        return list(self.flux)


def grow(dossier: Dossier, classement: Classement, rotation: Rotation, flux: Flux) -> Feuilles:
    """Make the figures of the base and of the flow. Their values are those of `flux`, to the last digit."""
    liberations = Liberations(dossier, classement, rotation, flux)
    soustraits, noms = Soustraits(liberations), liberations.noms
    base = dict(liberations.base)
    communes = list(base)
    lost = {c: soustraits.of_commune(c) for c in communes}
    net = {
        c: subtract(vacancies, taken, nom=f"flux net de {noms.a(c)}") if (taken := lost[c]) else vacancies
        for c, vacancies in liberations.communes.items()
    }
    net_total = add(*net.values(), nom="flux net") if net else constant(0, "flux net")
    carried = (
        [
            leaf(
                dossier,
                "soldes",
                flux.report_anterieur,
                "reste du flux de l'année précédente",
                colonne="solde",
                filtre="id_reservataire = *",
            )
        ]
        if flux.report_anterieur
        else []
    )
    entier = whole_flow(
        net_total,
        *carried,
        nom="flux annuel à partager, en logements entiers",
        calcul="flux net et reste reporté, arrondis" if carried else "flux net, arrondi",
        article=ARTICLE_FLUX,
    )
    relet = int(entier.valeur)
    echelle = scale(entier, net_total, nom="mise à l'échelle du flux")
    relocations = {c: multiply(net[c], echelle, nom=f"flux à partager à {noms.a(c)}") for c in communes}
    premieres = flux.by_commune(flux.premieres)
    totals = dict(relocations)
    for c, n in premieres.items():
        if n:
            first = leaf(
                dossier,
                "livraisons",
                n,
                f"premières mises en location à {noms.a(c)}",
                colonne="nb",
                filtre=f"commune = {c}, mise en service dans l'année",
            )
            totals[c] = add(
                relocations[c],
                first,
                nom=f"flux à partager à {noms.a(c)}, premières locations comprises",
            )
    whole = (
        entier
        if flux.entier == relet
        else add(
            entier,
            leaf(
                dossier,
                "livraisons",
                total(flux.premieres),
                "premières mises en location",
                colonne="nb",
                filtre="mise en service dans l'année",
            ),
            nom="flux annuel à partager, premières locations comprises",
        )
    )
    hors_qpv = dict.fromkeys(communes, Fraction(0)) | {
        c: v for (c, q), v in flux.by_commune_qpv().items() if not q
    }
    return Feuilles(
        dossier,
        liberations,
        soustraits,
        echelle,
        base,
        relocations,
        totals,
        hors_qpv,
        add(*base.values(), nom="logements de l'assiette") if base else constant(0, "assiette"),
        whole,
        entier,
    )
