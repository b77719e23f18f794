"""How stock becomes a share of the flow: what a right weighs, and what it is weighed against.

No text settles the method (domain, "What is settled and what is not"): the convention names one. They
differ only in these two weights; the dues that follow are made the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from flux.conversion.assiette import Classement
from flux.conversion.droits import Droits
from flux.conversion.exact import total
from flux.conversion.rotation import Rotation
from flux.dossier import Dossier

Droit = tuple[str, str, bool]
"""id_reservataire, commune, held in return for a loan guarantee."""


@dataclass(frozen=True)
class Poids:
    """What each holder holds in each commune, and the whole of each commune, in the unit of the method.

    droits : (id_reservataire, commune, garantie) -> weight
    parc : commune -> weight
    unite : "droits", "libérations attendues des logements réservés"…
    hypotheses, avertissements : what the reader must know of the method
    declaree : True for a method of the parties' own: its weights are a convention, not data
    par_maille : True where a right and a dwelling weigh the turnover of their rotation group
    table : the table where weights that are neither counts nor turnovers are read
    """

    droits: dict[Droit, Fraction]
    parc: dict[str, Fraction]
    unite: str
    hypotheses: tuple[str, ...] = ()
    avertissements: tuple[str, ...] = ()
    declaree: bool = False
    par_maille: bool = False
    table: str = "reservations"


def by_stock(dossier: Dossier, classement: Classement, rotation: Rotation, droits: Droits) -> Poids:
    """M1 `parc`: a right is one dwelling among the dwellings of the base (t = D / A)."""
    return _weighed(dossier, classement, rotation, droits, lambda _: Fraction(1), "droits")


def by_turnover(dossier: Dossier, classement: Classement, rotation: Rotation, droits: Droits) -> Poids:
    """M2 `rotation`: a right weighs the turnover of its dwelling (t = Σ D·τ / Σ A·τ)."""
    poids = _weighed(
        dossier,
        classement,
        rotation,
        droits,
        rotation.taux.__getitem__,
        "libérations attendues des logements réservés",
    )
    return replace(poids, par_maille=True)


def by_record(dossier: Dossier, classement: Classement, rotation: Rotation, droits: Droits) -> Poids:
    """M3 `observe`, a control only: past relettings on the holder's account over all past relettings.

    It depends on the past under-use of rights, so it is not a conversion to sign. What a holder received in
    a commune is held against guarantees as its live rights there are.
    """
    moves = dossier.mouvements
    logements = dossier.logements
    moves = moves.loc[
        (moves["etape"] == "bail")
        & (moves["nature"] != "premiere_location")
        & moves["annee"].isin(rotation.annees)
        & ~moves["id_logement"].isin(logements.loc[~classement.dans_champ, "id_logement"])
    ]
    commune = moves["id_logement"].map(logements.set_index("id_logement")["commune"])
    commune = commune.where(moves["id_logement"].notna(), moves["commune"])
    by_programme = logements.drop_duplicates("programme").set_index("programme")["commune"]
    moves = moves.assign(commune=commune.where(commune.notna(), moves["programme"].map(by_programme)))
    held = moves.groupby(["id_reservataire", "commune"])["nb"].sum()
    whole = moves.groupby("commune")["nb"].sum()
    communes = sorted(set(logements.loc[classement.dans_assiette, "commune"]))
    guaranteed = _guaranteed(droits)
    weights: dict[Droit, Fraction] = {}
    for (r, c), n in zip(held.index, held, strict=True):
        part = guaranteed.get((r, c), Fraction(0))
        for garantie, share in ((True, part), (False, 1 - part)):
            if c in communes and share:
                weights[r, c, garantie] = int(n) * share
    notes = [
        "Méthode « observe » : un contrôle, qui dépend de ce que chacun a laissé passer ; "
        "elle ne convient pas à une convention à signer."
    ]
    if not weights:
        notes.append(
            "Aucune relocation passée n'est au compte d'un réservataire (colonne id_reservataire de la table "
            "des mouvements) : sous la méthode « observe », tout le flux reste au bailleur."
        )
    return Poids(
        weights,
        {c: Fraction(int(whole.get(c, 0))) for c in communes},
        "relocations passées sur son compte",
        avertissements=tuple(notes),
        table="mouvements",
    )


def _guaranteed(droits: Droits) -> dict[tuple[str, str], Fraction]:
    """(id_reservataire, commune) -> part of its live rights there that guarantees brought."""
    sums: dict[tuple[str, str], list[Fraction]] = {}
    columns = (droits.suite[k] for k in ("id_reservataire", "commune", "garantie", "nb"))
    for r, c, garantie, nb in zip(*columns, strict=True):
        sums.setdefault((r, c), [Fraction(0), Fraction(0)])[bool(garantie)] += nb
    return {key: both[True] / total(both) for key, both in sums.items() if total(both)}


def _weighed(
    dossier: Dossier,
    classement: Classement,
    rotation: Rotation,
    droits: Droits,
    weight: Callable[[str], Fraction],
    unite: str,
) -> Poids:
    held: dict[Droit, Fraction] = {}
    suite = droits.suite
    for r, c, groupe, garantie, nb in zip(
        suite["id_reservataire"],
        suite["commune"],
        suite["groupe"],
        suite["garantie"],
        suite["nb"],
        strict=True,
    ):
        key = (str(r), str(c), bool(garantie))
        held[key] = held.get(key, Fraction(0)) + nb * weight(groupe)
    base = dossier.logements.loc[classement.dans_assiette, ["commune"]]
    counts = (
        base.assign(groupe=rotation.groupe.loc[base.index]).groupby(["commune", "groupe"], sort=True).size()
    )
    parc: dict[str, Fraction] = {}
    for (commune, groupe), nb in zip(counts.index, counts, strict=True):
        parc[commune] = parc.get(commune, Fraction(0)) + nb * weight(groupe)
    return Poids(held, parc, unite)


METHODES: dict[str, Callable[[Dossier, Classement, Rotation, Droits], Poids]] = {
    "parc": by_stock,
    "rotation": by_turnover,
    "observe": by_record,
}
