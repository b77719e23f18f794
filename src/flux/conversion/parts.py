"""The two terms of a share, as figures: what a holder holds, and the base it is held in."""

from __future__ import annotations

from collections.abc import Iterable

from flux.conversion.droits import Droits
from flux.conversion.exact import total
from flux.conversion.feuilles import Feuilles
from flux.conversion.methodes import Poids
from flux.conversion.operations import add, leaf, multiply
from flux.noyau.provenance import Couleur, Figure

LIBERATIONS = "libérations"


def held(
    feuilles: Feuilles,
    poids: Poids,
    droits: Droits,
    ident: str,
    communes: Iterable[str],
    garantie: bool | None = None,
) -> Figure:
    """What a holder holds in some communes, in the unit of the method, down to the lines of the register."""
    inside = set(communes)
    what = {None: "", True: ", contre garantie", False: ", hors garantie"}[garantie]
    who = feuilles.liberations.noms.de(ident)
    lines = lines_of(droits, ident, inside, garantie)
    if poids.par_maille:
        return _weighed_rights(feuilles, droits, ident, inside, garantie, f"de {who}{what}")
    value = total(
        [v for (r, c, g), v in poids.droits.items() if r == ident and c in inside and garantie in (None, g)]
    )
    return leaf(
        feuilles.dossier,
        poids.table,
        value,
        f"{poids.unite} de {who}{what}",
        colonne="id_reservataire",
        filtre=f"id_reservataire = {ident}, "
        + ("relocations de la fenêtre" if poids.table == "mouvements" else f"droits vivants{what}"),
        lignes=lines if poids.table == "reservations" else (),
        unite=poids.unite,
        couleur=Couleur.CONVENTION if poids.declaree else Couleur.DONNEE,
    )


def lines_of(droits: Droits, ident: str, communes: Iterable[str], garantie: bool | None = None) -> list[int]:
    """Lines of the register that hold a holder's rights in some communes."""
    kinds = (False, True) if garantie is None else (garantie,)
    return sorted({n for c in communes for g in kinds for n in droits.lignes.get((ident, c, g), [])})


def whole(feuilles: Feuilles, poids: Poids, communes: Iterable[str]) -> Figure:
    """The base of some communes, in the unit of the method."""
    inside = [c for c in feuilles.communes if c in set(communes)]
    parts = [_base(feuilles, poids, c) for c in inside]
    what = "logements de l'assiette" if poids.unite == "droits" else f"assiette, en {parts[0].unite}"
    return add(*parts, nom=what, unite=parts[0].unite) if len(parts) > 1 else parts[0]


def _base(feuilles: Feuilles, poids: Poids, commune: str) -> Figure:
    place = feuilles.liberations.noms.a(commune)
    if poids.unite == "droits":
        return feuilles.base[commune]
    if poids.par_maille:
        parts = [
            multiply(*figure.entrees, nom=figure.nom, unite=LIBERATIONS)
            for (c, _), figure in feuilles.liberations.mailles.items()
            if c == commune
        ]
        nom = f"assiette de {place}, en {LIBERATIONS}"
        return add(*parts, nom=nom, unite=LIBERATIONS) if parts else feuilles.base[commune].named(nom)
    return leaf(
        feuilles.dossier,
        "mouvements" if poids.table == "mouvements" else "logements",
        poids.parc.get(commune, 0),
        f"assiette de {place}, en {poids.unite}",
        colonne="commune",
        filtre=f"commune = {commune}"
        + (", relocations de la fenêtre" if poids.table == "mouvements" else ", dans l'assiette"),
        unite=poids.unite,
        couleur=Couleur.CONVENTION if poids.declaree else Couleur.DONNEE,
    )


def _weighed_rights(
    feuilles: Feuilles, droits: Droits, ident: str, inside: set[str], garantie: bool | None, what: str
) -> Figure:
    """Rights × the turnover of the rotation group of their dwellings."""
    suite = droits.suite.loc[droits.suite["id_reservataire"] == ident]
    parts = [
        multiply(
            leaf(
                feuilles.dossier,
                "reservations",
                nb,
                f"droits {what}, {feuilles.liberations.noms.maille(groupe)}",
                colonne="id_reservataire",
                filtre=f"id_reservataire = {ident}, commune = {c}, droits vivants, maille « {groupe} »",
                lignes=droits.lignes.get((ident, c, g), []),
                unite="droits",
            ),
            feuilles.liberations.rate(groupe),
            nom=f"libérations attendues des droits {what}, {feuilles.liberations.noms.maille(groupe)}",
            unite=LIBERATIONS,
        )
        for c, groupe, g, nb in zip(*(suite[k] for k in ("commune", "groupe", "garantie", "nb")), strict=True)
        if c in inside and garantie in (None, bool(g))
    ]
    nom = f"libérations attendues des logements réservés {what}"
    if not parts:
        return leaf(
            feuilles.dossier,
            "reservations",
            0,
            nom,
            colonne="id_reservataire",
            filtre=f"id_reservataire = {ident}, droits vivants",
            unite=LIBERATIONS,
        )
    return add(*parts, nom=nom, unite=LIBERATIONS) if len(parts) > 1 else parts[0]
