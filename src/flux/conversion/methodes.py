"""How stock becomes a share of the flow: what a right weighs, and what it is weighed against.

No text settles the method (domain, "What is settled and what is not"): the convention names one. The
three differ only in these two weights; the dues that follow are made the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from flux.conversion.assiette import Classement
from flux.conversion.droits import Droits
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
    """

    droits: dict[Droit, Fraction]
    parc: dict[str, Fraction]
    unite: str


def by_stock(dossier: Dossier, classement: Classement, rotation: Rotation, droits: Droits) -> Poids:
    """M1 `parc`: a right is one dwelling among the dwellings of the base (t = D / A)."""
    return _weighed(dossier, classement, rotation, droits, lambda _: Fraction(1), "droits")


def by_turnover(dossier: Dossier, classement: Classement, rotation: Rotation, droits: Droits) -> Poids:
    """M2 `rotation`: a right weighs the turnover of its dwelling (t = Σ D·τ / Σ A·τ)."""
    return _weighed(
        dossier,
        classement,
        rotation,
        droits,
        rotation.taux.__getitem__,
        "libérations attendues des logements réservés",
    )


def by_record(dossier: Dossier, classement: Classement, rotation: Rotation, droits: Droits) -> Poids:
    """M3 `observe`, a control only: past relettings on the holder's account over all past relettings.

    It depends on the past under-use of rights, so it is not a conversion to sign.
    """
    moves = dossier.mouvements
    moves = moves.loc[
        (moves["etape"] == "bail")
        & (moves["nature"] != "premiere_location")
        & moves["annee"].isin(rotation.annees)
    ]
    commune = moves["id_logement"].map(dossier.logements.set_index("id_logement")["commune"])
    moves = moves.assign(commune=commune.where(moves["id_logement"].notna(), moves["commune"]))
    held = moves.groupby(["id_reservataire", "commune"])["nb"].sum()
    whole = moves.groupby("commune")["nb"].sum()
    garantie = {
        (r, c)
        for r, c, g in zip(
            droits.suite["id_reservataire"], droits.suite["commune"], droits.suite["garantie"], strict=True
        )
        if g
    }
    communes = sorted(set(dossier.logements.loc[classement.dans_assiette, "commune"]))
    return Poids(
        {
            (r, c, (r, c) in garantie): Fraction(int(n))
            for (r, c), n in zip(held.index, held, strict=True)
            if c in communes
        },
        {c: Fraction(int(whole.get(c, 0))) for c in communes},
        "relocations passées sur son compte",
    )


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
