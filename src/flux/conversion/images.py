"""What can be drawn of the quotas: each picture with what is said of it to who does not see it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from flux.conversion.cellules import BAILLEUR
from flux.rendu import glossaire, images, images_communes, images_flux, nombres
from flux.rendu.illustration import Illustration, member

if TYPE_CHECKING:
    from flux.conversion.quotas import Quotas

LISTED = 12  # rows that the words of a picture give one by one


class ImageQuotas(StrEnum):
    """The pictures of the quotas."""

    QUOTAS = "quotas"
    CASCADE = "cascade"
    SANKEY = "sankey"
    COMMUNES = "communes"


# category of a réservataire -> the group that a picture shows
GROUPES = {
    "État": ("etat_prioritaires", "etat_agents"),
    "Action Logement": ("action_logement",),
    "Collectivités": ("commune", "epci", "ept", "ville_paris", "departement", "region"),
    "Autres réservataires": ("employeur", "hopital", "defense_securite", "autre"),
    "Bailleur (non réservé)": (BAILLEUR,),
}
GROUPE = {categorie: groupe for groupe, categories in GROUPES.items() for categorie in categories}


def illustrate(quotas: Quotas, genre: str = ImageQuotas.QUOTAS) -> Illustration:
    """One picture of the quotas, drawn on demand.

    Parameters
    ----------
    genre : "quotas" (bars by réservataire), "cascade" (from the dwellings to the quotas), "sankey" (shares of
        rights, of flow, of quotas), "communes" (a bar a commune).

    Raises
    ------
    FluxError
        Code "image.inconnue": no picture of that name; near-misses suggested.
    """
    match member(ImageQuotas, genre):
        case ImageQuotas.QUOTAS:
            return quota_bars(quotas)
        case ImageQuotas.CASCADE:
            return _cascade(quotas)
        case ImageQuotas.SANKEY:
            return _sankey(quotas)
        case ImageQuotas.COMMUNES:
            return by_commune(quotas)[0]


def named(quotas: Quotas) -> pd.DataFrame:
    """`quotas.table` with the name of each holder in front."""
    holders = quotas.dossier.reservataires
    names = dict(zip(holders["id_reservataire"], holders["nom"].map(glossaire.clean), strict=True))
    names[BAILLEUR] = f"{glossaire.clean(quotas.dossier.convention.bailleur.nom)} (non réservé)"
    return quotas.table.assign(nom=quotas.table["id_reservataire"].map(names))


def listed(phrases: Iterable[str]) -> str:
    """Sentences one after the other, and how many more there are."""
    said = list(phrases)
    rest = len(said) - LISTED
    return " ; ".join(said[:LISTED]) + (f" ; et {rest} autres, que donne le tableau." if rest > 0 else ".")


def quota_bars(quotas: Quotas, most: int | None = None) -> Illustration:
    """Bars by réservataire; the largest when they are more than `most`, and the title says so."""
    annee, rows = quotas.dossier.convention.annee, named(quotas)
    suite = ""
    if most and len(rows) > most:
        suite = f" ({most} plus grands sur {len(rows)})"
        rows = rows.loc[rows["quota_exact"].nlargest(most).sort_index().index]
    titre = f"Quotas {annee} par réservataire{suite}"
    said = (
        f"{nom} : {nombres.entier(q)} (exact : {nombres.decimal(e)})"
        for nom, q, e in zip(rows["nom"], rows["quota"], rows["quota_exact"], strict=True)
    )
    frame = rows[["nom", "quota", "quota_exact"]]
    return Illustration(
        cle="quotas",
        titre=titre,
        alternative=f"Barres horizontales, en logements. {listed(said)}",
        dessin=lambda: images.quotas(frame, titre=titre),
    )


def _groups(quotas: Quotas) -> pd.DataFrame:
    """The quotas table summed by group, in the order of `GROUPES`, groups without anything left out."""
    table = quotas.table.assign(nom=quotas.table["categorie"].map(GROUPE))
    sums = table.groupby("nom")[["nb_droits", "quota_exact", "quota"]].sum()
    return sums.loc[[g for g in GROUPES if g in sums.index and sums.loc[g].any()]].reset_index()


def _cascade(quotas: Quotas) -> Illustration:
    """From all the dwellings to the quotas of each group."""
    annee = quotas.dossier.convention.annee
    whole = float(quotas.assiette["nb_logements"].iloc[0])
    flux = float(quotas.exact["flux_a_partager"])
    vacated, taken = (float(quotas.flux[c].sum()) for c in ("liberations", "soustraits"))
    carried = flux - (vacated - taken)
    groups = _groups(quotas)
    rows = [
        ("Les mêmes, agrandies", 0.0, vacated, "total", nombres.decimal(vacated, 1)),
        ("Mutations, relogements", vacated - taken, taken, "retrait", nombres.decimal(-taken, 1)),
        ("Flux à partager", 0.0, flux, "total", nombres.entier(flux)),
    ]
    start = 0.0
    for nom, quota in zip(groups["nom"], groups["quota"], strict=True):
        share = nombres.part(float(quota) / flux if flux else 0.0)
        rows.append((nom, start, float(quota), "part", f"{nombres.entier(quota)} ({share})"))
        start += float(quota)
    parc = pd.DataFrame(
        [
            ("Logements du bailleur", whole, nombres.entier(whole)),
            ("Assiette", float(quotas.exact["base"]), nombres.entier(quotas.exact["base"])),
            (f"Libérations attendues en {annee}", vacated, nombres.decimal(vacated, 1)),
        ],
        columns=["nom", "nb", "texte"],
    )
    partage = pd.DataFrame(rows, columns=["nom", "debut", "nb", "sens", "texte"])
    titre = f"Du stock au flux : les logements de {annee}"
    shown = ", ".join(f"{nom} {text}" for nom, _, _, _, text in rows[3:])
    return Illustration(
        cle="cascade",
        titre=titre,
        alternative=(
            f"Sur {nombres.entier(whole)} logements, {nombres.entier(quotas.exact['base'])} sont dans "
            f"l'assiette ; {nombres.decimal(vacated, 1)} devraient se libérer en {annee} ; "
            f"{nombres.decimal(taken, 1)} servent aux mutations et aux relogements ; "
            f"{nombres.entier(flux)} sont à partager (report et arrondi : {nombres.decimal(carried)}). "
            f"Quotas : {shown}."
        ),
        dessin=lambda: images_flux.cascade(parc, partage, titre=titre),
    )


def _sankey(quotas: Quotas) -> Illustration:
    """Shares of the rights, of the exact flow and of the whole quotas, by group."""
    columns = ("Droits (logements de l'assiette)", "Flux exact", "Quotas")
    groups = _groups(quotas).set_axis(["nom", *columns], axis=1)
    titre = f"Des droits aux quotas {quotas.dossier.convention.annee}"
    sums = groups[list(columns)].sum()
    said = (
        f"{row['nom']} : "
        + ", ".join(
            f"{c.lower()} {nombres.entier(round(float(row[c]), 2))}"
            f" ({nombres.part(float(row[c]) / float(sums[c]) if sums[c] else 0.0)})"
            for c in columns
        )
        for row in groups.to_dict("records")
    )
    return Illustration(
        cle="sankey",
        titre=titre,
        alternative=f"Trois colonnes de même hauteur, reliées par des rubans. {listed(said)}",
        dessin=lambda: images_flux.sankey(groups, columns, titre=titre),
    )


def by_commune(quotas: Quotas, most: int | None = None) -> tuple[Illustration, ...]:
    """A bar a commune, largest flow first: one picture, or several of `most` communes at the same scale."""
    names = dict(zip(quotas.dossier.communes["commune"], quotas.dossier.communes["nom"], strict=True))
    groups_of = quotas.table.set_index("id_reservataire")["categorie"].map(GROUPE)
    table = quotas.communes.assign(groupe=quotas.communes["id_reservataire"].map(groups_of))
    wide = table.pivot_table(index="commune", columns="groupe", values="nb", aggfunc="sum", fill_value=0)
    groups = [g for g in GROUPES if g in wide.columns and (wide[g].any() or g == GROUPE[BAILLEUR])]
    frame = wide[groups].assign(
        nb_qpv=table.groupby("commune")["nb_qpv"].sum(),
        flux=quotas.flux.groupby("commune")["flux_a_partager"].sum(),
    )
    frame = frame.reset_index().fillna({"flux": 0.0, "nb_qpv": 0})
    frame = frame.assign(nom=[glossaire.clean(str(names.get(c, c))) for c in frame["commune"]])
    frame = frame.sort_values(["flux", "commune"], ascending=[False, True], ignore_index=True)
    size = most or max(len(frame), 1)
    pages = [frame.iloc[i : i + size] for i in range(0, max(len(frame), 1), size)]
    longest = float(max([0, *frame[groups].sum(axis=1), *frame["flux"]]))
    return tuple(
        _communes(quotas, page, groups, longest, f" ({rank}/{len(pages)})" if len(pages) > 1 else "")
        for rank, page in enumerate(pages, start=1)
    )


def _communes(
    quotas: Quotas, frame: pd.DataFrame, groups: list[str], longest: float, suite: str
) -> Illustration:
    annee = quotas.dossier.convention.annee
    titre = f"Quotas {annee} par commune, du plus grand flux au plus petit{suite}"
    said = (
        f"{row['nom']} : {nombres.entier(sum(row[g] for g in groups))} logements, dont "
        f"{nombres.entier(row['nb_qpv'])} en QPV ("
        + ", ".join(f"{g} {nombres.entier(row[g])}" for g in groups if row[g])
        + ")"
        for row in frame.to_dict("records")
    )
    return Illustration(
        cle="communes",
        titre=titre,
        alternative=f"Une barre par commune. {listed(said)}",
        dessin=lambda: images_communes.communes(frame, groups, titre=titre, maximum=longest),
    )
