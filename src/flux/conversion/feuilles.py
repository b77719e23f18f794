"""The leaves of every tree: what was read in the files and in the convention, and the flows made from it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from flux.conversion.assiette import Classement
from flux.conversion.exact import total
from flux.conversion.flux import Flux, expected_vacancies
from flux.conversion.operations import add, constant, leaf, multiply, scale, subtract
from flux.conversion.preuve_rotation import rates
from flux.conversion.rotation import Rotation
from flux.dossier import Dossier
from flux.noyau.provenance import Couleur, Figure

ARTICLE_FLUX = "CCH, art. R. 441-5, I"


@dataclass(frozen=True)
class Feuilles:
    """Figures of the base and of the flow, by commune and for the whole.

    base, flux, relocations : commune -> figure (`relocations` is the flow on which rates apply;
    `flux` holds the first lettings too, where the parties put them in the flow)
    """

    dossier: Dossier
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
    logements = dossier.logements.loc[classement.dans_assiette, ["commune", "_ligne"]]
    logements = logements.assign(groupe=rotation.groupe.loc[logements.index])
    lignes = logements.groupby("commune")["_ligne"].agg(list)
    communes = sorted(set(flux.segments["commune"]))
    noms = dossier.communes.set_index("commune")["nom"]
    base = {
        c: leaf(
            dossier,
            "logements",
            len(lignes.get(c, [])),
            f"logements de l'assiette à {noms.get(c, c)}",
            colonne="commune",
            filtre=f"commune = {c}, dans l'assiette",
            lignes=lignes.get(c, []),
        )
        for c in communes
    }
    vacancies = _vacancy_figures(dossier, rotation, flux, logements, communes)
    lost = _subtracted_figures(dossier, flux, communes)
    net = {
        c: subtract(vacancies[c], lost[c], nom=f"flux net de {noms.get(c, c)}") if c in lost else vacancies[c]
        for c in communes
    }
    net_total = add(*net.values(), nom="flux net") if net else constant(0, "flux net")
    if flux.report_anterieur:
        carried = leaf(
            dossier,
            "soldes",
            flux.report_anterieur,
            "reste du flux de l'année précédente",
            colonne="solde",
            filtre="id_reservataire = *",
        )
        exact = add(net_total, carried, nom="flux net et reste reporté")
    else:
        exact = net_total
    relet = flux.entier - int(total(flux.premieres))
    entier = Figure(
        valeur=Fraction(relet),
        nom="flux annuel à partager, en logements entiers",
        couleur=Couleur.CALCUL,
        calcul="arrondi à l'entier le plus proche, demi vers le haut",
        article=ARTICLE_FLUX,
        entrees=(exact,),
    )
    echelle = scale(entier, net_total, nom="mise à l'échelle du flux")
    relocations = {c: multiply(net[c], echelle, nom=f"flux à partager à {noms.get(c, c)}") for c in communes}
    premieres = flux.by_commune(flux.premieres)
    totals = dict(relocations)
    for c, n in premieres.items():
        if n:
            first = leaf(
                dossier,
                "livraisons",
                n,
                f"premières mises en location à {noms.get(c, c)}",
                colonne="nb",
                filtre=f"commune = {c}, mise en service dans l'année",
            )
            totals[c] = add(
                relocations[c],
                first,
                nom=f"flux à partager à {noms.get(c, c)}, premières locations comprises",
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
        base,
        relocations,
        totals,
        hors_qpv,
        add(*base.values(), nom="logements de l'assiette") if base else constant(0, "assiette"),
        whole,
        entier,
    )


def _vacancy_figures(
    dossier: Dossier, rotation: Rotation, flux: Flux, logements: pd.DataFrame, communes: list[str]
) -> dict[str, Figure]:
    values = flux.by_commune(flux.liberations)
    forecast = dossier.convention.hypotheses.liberations_prevues
    if forecast is not None:
        whole = constant(forecast, "libérations prévues par le bailleur", couleur=Couleur.HYPOTHESE)
        return {
            c: Figure(
                valeur=values[c],
                nom=f"libérations attendues ({c})",
                calcul="part de la prévision du bailleur",
                entrees=(whole,),
            )
            for c in communes
        }
    rate = rates(dossier, rotation)
    cells = logements.groupby(["commune", "groupe"])["_ligne"].agg(list)
    parts: dict[str, list[Figure]] = {c: [] for c in communes}
    for (commune, groupe), lignes in zip(cells.index, cells, strict=True):
        nb = leaf(
            dossier,
            "logements",
            len(lignes),
            f"logements de l'assiette, {groupe}",
            colonne="commune",
            filtre=f"commune = {commune}, maille de rotation « {groupe} »",
            lignes=lignes,
        )
        parts[commune].append(expected_vacancies(nb, rate(groupe), nom=f"libérations attendues, {groupe}"))
    return {
        c: add(*p, nom=f"libérations attendues ({c})") if p else constant(0, f"libérations attendues ({c})")
        for c, p in parts.items()
    }


def _subtracted_figures(dossier: Dossier, flux: Flux, communes: list[str]) -> dict[str, Figure]:
    """Dwellings subtracted in each commune, by category."""
    by_category = {k: flux.by_commune(tuple(v)) for k, v in sorted(flux.soustractions.par_segment.items())}
    assumed = set(
        flux.soustractions.table.loc[flux.soustractions.table["origine"] == "hypothese", "categorie"]
    )
    table = dossier.soustractions
    table = table.loc[(table["annee"] == dossier.convention.annee) & (table["etat"] == "previsionnel")]
    lignes = {c: table.loc[table["categorie"] == c, "_ligne"].astype(int).tolist() for c in by_category}
    out: dict[str, Figure] = {}
    for commune in communes:
        parts: list[Figure] = []
        for categorie, values in by_category.items():
            value = values.get(commune, Fraction(0))
            if not value:
                continue
            if categorie in assumed:
                parts.append(
                    constant(value, f"{categorie} : part passée des relocations", couleur=Couleur.HYPOTHESE)
                )
                continue
            parts.append(
                leaf(
                    dossier,
                    "soustractions",
                    value,
                    f"{categorie} : prévision répartie comme les libérations",
                    colonne="nb",
                    filtre=f"categorie = {categorie}, previsionnel",
                    lignes=lignes[categorie],
                )
            )
        if parts:
            out[commune] = add(*parts, nom=f"logements soustraits ({commune})")
    return out
