"""A method of the parties' own: a function with a name, whose weights are checked and shown as theirs.

A method is a pair of weights, as those of the library are: of a right, and of a dwelling.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from inspect import cleandoc
from math import isfinite
from typing import Any

import pandas as pd

from flux.conversion.assiette import Classement
from flux.conversion.droits import Droits
from flux.conversion.exact import estimate, group_exact, of
from flux.conversion.methodes import METHODES, Poids
from flux.conversion.rotation import Rotation
from flux.dossier import Dossier
from flux.dossier.convention import MethodeDeclaree
from flux.noyau.errors import ConventionError
from flux.rendu.nombres import decimal

Formule = Callable[[pd.DataFrame, pd.DataFrame], tuple[Any, Any]]
LOGEMENT = [
    *("id_logement", "programme", "commune", "qpv", "typologie", "financement", "surface", "loyer"),
    *("annee_construction", "annee_mise_location", "dpe", "fragilite"),
]


def methode(nom: str) -> Callable[[Formule], MethodeDeclaree]:
    """Declare a method of conversion: `flux.convert(dossier, methode=ma_methode)`.

    >>> @methode("prorata des surfaces")
    ... def surfaces(droits, logements):
    ...     '''Chaque droit et chaque logement pèsent leur surface.'''
    ...     surface = logements.set_index("id_logement")["surface"]
    ...     return droits["id_logement"].map(surface), logements["surface"]

    The function receives two frames of its own and returns what one right, then one dwelling, weighs: two
    series aligned on them, or one number for all. A holder's share of a commune is Σ weight × `nb` of its
    rights there over Σ weight of its dwellings.

    `droits`: live rights on the base: id_reservataire, categorie, id_logement, programme, commune,
    contrepartie, date_debut, date_fin (effective), nb (dwellings counted this year), taux_rotation (of its
    dwellings). `logements`: dwellings of the base: `LOGEMENT` and taux_rotation.

    Parameters
    ----------
    nom : what the annex prints. The first line of the function's docstring is its sentence, in French.

    Raises
    ------
    ConventionError
        Code "convention.methode": no name, the name of a method of the library, or no docstring.
    """

    def declare(formule: Formule) -> MethodeDeclaree:
        phrase = cleandoc(formule.__doc__ or "").split("\n")[0].strip()
        if not nom.strip() or nom.strip() in METHODES:
            raise ConventionError(
                f"« {nom} » ne peut pas nommer une méthode déclarée : il faut un nom, autre que "
                f"{', '.join(METHODES)}.",
                code="convention.methode",
            )
        if not phrase:
            raise ConventionError(
                f"La méthode « {nom} » ne dit pas ce qu'elle fait : écrire une phrase en tête de la fonction "
                "(sa docstring) ; l'annexe la reproduit.",
                code="convention.methode",
            )
        return MethodeDeclaree(nom.strip(), phrase, formule)

    return declare


def weigh(dossier: Dossier, classement: Classement, rotation: Rotation, droits: Droits) -> Poids:
    """The weights of the method that the convention names."""
    chosen = dossier.convention.choix.methode
    if isinstance(chosen, MethodeDeclaree):
        return by_declared(chosen, dossier, classement, rotation, droits)
    return METHODES[str(chosen)](dossier, classement, rotation, droits)


def declared_only(chosen: object) -> None:
    """Raise on a bare function: a method has a name and a sentence, that the annex prints.

    Raises
    ------
    ConventionError
        Code "convention.methode".
    """
    if callable(chosen) and not isinstance(chosen, type):
        raise ConventionError(
            "Une méthode de conversion se déclare par un nom, que l'annexe reproduit : écrire "
            '@flux.methode("son nom") au-dessus de la fonction, et une phrase en tête de celle-ci.',
            code="convention.methode",
        )


def by_declared(
    declared: MethodeDeclaree, dossier: Dossier, classement: Classement, rotation: Rotation, droits: Droits
) -> Poids:
    """The weights that a declared method gives, checked and made exact.

    Raises
    ------
    ConventionError
        Code "convention.methode.poids": a weight absent, negative or infinite, too few or too many of them,
        nothing weighed, or rights that weigh more than the commune where they stand.
    """
    rights, base = _rights(dossier, rotation, droits), _dwellings(dossier, classement, rotation)
    given = declared.formule(rights.copy(), base.copy())
    if not isinstance(given, tuple) or len(given) != 2:
        raise _wrong(declared, "doit rendre deux poids : celui d'un droit, celui d'un logement")
    of_rights = _exact(declared, given[0], rights, "au droit de {id_reservataire} à {commune}")
    of_base = _exact(declared, given[1], base, "au logement {id_logement} ({commune})")
    counted = [w * n for w, n in zip(of_rights, droits.tenus["poids"], strict=True)]
    keys = ["id_reservataire", "commune", "garantie"]
    held = group_exact(
        droits.tenus[keys].assign(poids=pd.Series(counted, index=droits.tenus.index, dtype=object)),
        keys,
        "poids",
        "nb",
    )
    whole = group_exact(
        base[["commune"]].assign(poids=pd.Series(of_base, index=base.index, dtype=object)),
        ["commune"],
        "poids",
        "nb",
    )
    poids = Poids(
        droits={(str(r), str(c), bool(g)): n for r, c, g, n in held.itertuples(index=False)},
        parc={str(c): n for c, n in whole.itertuples(index=False)},
        unite=f"poids de la méthode « {declared.nom} »",
        hypotheses=(
            f"Méthode de conversion déclarée par les parties, « {declared.nom} » : {declared.phrase} "
            "Ses poids sont une convention : aucun texte ne fixe la méthode.",
        ),
        avertissements=()
        if any(counted)
        else (
            f"La méthode « {declared.nom} » ne donne de poids à aucun droit : tout ce qui en dépend reste au "
            "bailleur.",
        ),
        declaree=True,
    )
    _fits(declared, poids)
    return poids


def _rights(dossier: Dossier, rotation: Rotation, droits: Droits) -> pd.DataFrame:
    held = droits.tenus
    columns = ["id_logement", "programme", "contrepartie", "date_debut", "fin"]
    register = droits.registre.loc[held.index, columns].rename(columns={"fin": "date_fin"})
    categories = dossier.reservataires.set_index("id_reservataire")["categorie"]
    frame = register.assign(
        id_reservataire=held["id_reservataire"],
        categorie=held["id_reservataire"].map(categories),
        commune=held["commune"],
        nb=held["poids"].astype(float),
        taux_rotation=held["groupe"].map({g: float(t) for g, t in rotation.taux.items()}),
    )
    first = ["id_reservataire", "categorie", "id_logement", "programme", "commune", "contrepartie"]
    return frame[[*first, "date_debut", "date_fin", "nb", "taux_rotation"]].reset_index(drop=True)


def _dwellings(dossier: Dossier, classement: Classement, rotation: Rotation) -> pd.DataFrame:
    base = dossier.logements.loc[classement.dans_assiette, LOGEMENT]
    rates = rotation.groupe.loc[base.index].map({g: float(t) for g, t in rotation.taux.items()})
    return base.assign(taux_rotation=rates).reset_index(drop=True)


def _exact(declared: MethodeDeclaree, given: Any, frame: pd.DataFrame, place: str) -> list[Fraction]:
    """One exact weight a row; a float is an estimate, and enters as a decimal of 12 digits."""
    alone = isinstance(given, int | float | Fraction | Decimal)
    if isinstance(given, pd.Series) and len(given) == len(frame) and not given.index.equals(frame.index):
        if not given.index.sort_values().equals(frame.index):
            raise _wrong(declared, "rend une série dont l'index n'est pas celui de la table reçue")
        given = given.reindex(frame.index)
    values = [given] * len(frame) if alone else list(given)
    if len(values) != len(frame):
        raise _wrong(declared, f"rend {len(values)} poids pour {len(frame)} lignes")
    known: dict[str, Fraction] = {}
    for row, value in enumerate(values):
        if repr(value) not in known:
            known[repr(value)] = _weight(declared, value, place, frame.iloc[row])
    return [known[repr(value)] for value in values]


def _weight(declared: MethodeDeclaree, value: Any, place: str, row: pd.Series) -> Fraction:
    plain = value.item() if hasattr(value, "item") else value
    absent = bool(pd.api.types.is_scalar(plain) and pd.isna(plain))
    if absent or not isinstance(plain, int | float | Fraction | Decimal) or not isfinite(plain):
        said = "ne donne aucun poids" if absent else f"donne « {plain} », qui n'est pas un nombre fini,"
        raise _wrong(declared, f"{said} {place.format_map(row.to_dict())}")
    exact = estimate(of(plain)) if isinstance(plain, float) else Fraction(plain)
    if exact < 0:
        raise _wrong(declared, f"donne un poids négatif ({decimal(exact)}) {place.format_map(row.to_dict())}")
    return exact


def _fits(declared: MethodeDeclaree, poids: Poids) -> None:
    """Rights are a part of the commune where they stand: together, they never weigh more than it."""
    by_commune: dict[str, dict[str, Fraction]] = {}
    for (r, c, _), weight in poids.droits.items():
        held = by_commune.setdefault(c, {})
        held[r] = held.get(r, Fraction(0)) + weight
    if not any(poids.parc.values()):
        raise _wrong(declared, "ne donne de poids à aucun logement de l'assiette")
    for c, held in sorted(by_commune.items()):
        asked, available = sum(held.values(), Fraction(0)), poids.parc.get(c, Fraction(0))
        if asked > available:
            first = max(sorted(held), key=held.__getitem__)
            raise _wrong(
                declared,
                f"donne aux droits de {c} plus de poids ({decimal(asked)}, dont {decimal(held[first])} à "
                f"{first}) qu'à tous ses logements ({decimal(available)})",
            )


def _wrong(declared: MethodeDeclaree, what: str) -> ConventionError:
    return ConventionError(
        f"La méthode déclarée « {declared.nom} » {what}. À faire : corriger la fonction ; elle rend deux "
        "poids, positifs ou nuls, l'un par ligne de droits, l'autre par ligne de logements.",
        code="convention.methode.poids",
    )
