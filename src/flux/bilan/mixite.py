"""First quartile outside QPV, other quartiles in QPV, at each half-year.

"au moins 25 % des attributions annuelles, suivies de baux signés, de logements situés en dehors des quartiers
prioritaires"; "au moins 50 % des attributions annuelles de logements situés dans les quartiers prioritaires"
(CCH, art. L. 441-1, al. 24 to 27). The préfet judges the first on the six last months, then on twelve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from flux.bilan.faits import Faits
from flux.bilan.journal import HORS_CHAMP, QPV
from flux.bilan.mesure import against, hide
from flux.dossier.vocabulaire import Objectif

MESURES = ("base", "atteint_direct", "releges", "inconnu", "part_atteinte", "part_demandee", "manque")
HIDDEN = ("atteint_direct", "releges", "inconnu", "part_atteinte", "manque")
OF_LAW = ((Objectif.Q1_HORS_QPV, "part_min_q1_hors_qpv"), (Objectif.AUTRES_QPV, "part_min_autres_qpv"))


@dataclass(frozen=True, kw_only=True)
class Cible:
    """A share that the leases of some communes must reach."""

    objectif: str
    territoire: str
    communes: frozenset[str]
    part: Fraction
    article: str


def measured(faits: Faits) -> tuple[pd.DataFrame, bool]:
    """A row a target and period: `base`, what counts by income, relogés that count anyway, unknown, short.

    Returns
    -------
    The table, names for its codes, and whether small counts are masked in it. Rows outside the scope of the
    convention are in no base; a target whose event was never given has no row.
    """
    rows = faits.journal.lignes
    rows = rows.loc[rows["porteur"] != HORS_CHAMP]
    whatever = set(faits.regles.liste("relogements_comptes_q1"))
    out = []
    for cible in _cibles(faits):
        outside = cible.objectif == Objectif.Q1_HORS_QPV
        event = "bail" if outside else str(faits.dossier.convention.choix.qpv_evenement)
        if not faits.journal.knows(event):
            continue
        mine = rows.loc[
            (rows["etape"] == event)
            & (rows["qpv"] == QPV[not outside])
            & rows["commune"].isin(cible.communes)
        ]
        moved = mine["nature"].isin(whatever) & outside
        for arrete, first, last in _periods(faits):
            counted = mine["nb"] if first is None else mine["nb"].where(mine["jour"].between(first, last), 0)
            direct = int(counted.loc[mine["quartile"].eq("q1" if outside else "q234") & ~moved].sum())
            relocated, base = int(counted.loc[moved].sum()), int(counted.sum())
            unknown = int(counted.loc[~(mine["quartile"].isin(["q1", "q234"]) | moved)].sum())
            out.append(
                {
                    "objectif": cible.objectif,
                    "territoire_code": faits.noms.territoire(cible.territoire),
                    "arrete": arrete,
                    "base": base,
                    "atteint_direct": direct if base > unknown else None,
                    "releges": relocated if outside else None,
                    "inconnu": unknown,
                    **against(cible.part, base, direct + relocated, unknown),
                    "article": cible.article,
                    "seule": len(cible.communes) == 1,
                }
            )
    columns = ["objectif", "territoire_code", "arrete", *MESURES, "article", "seule"]
    frame = pd.DataFrame(out, columns=columns).astype(
        dict.fromkeys(("atteint_direct", "releges", "manque"), "Int64")
    )
    parts = [frame["atteint_direct"].fillna(0), frame["releges"].fillna(0), frame["inconnu"]]
    rest = frame["base"] - parts[0] - parts[1] - parts[2]
    return hide(frame, frame["seule"], [*parts, rest], HIDDEN, faits.seuil_masque)


def _periods(faits: Faits) -> list[tuple[str, pd.Timestamp | None, pd.Timestamp]]:
    """Name, first and last day; the whole year needs no date."""
    year = faits.annee
    whole = (f"31/12/{year}, douze mois", None, pd.Timestamp(year, 12, 31))
    if faits.journal.sans_jour:
        return [whole]
    return [
        (f"30/06/{year}, six mois", pd.Timestamp(year, 1, 1), pd.Timestamp(year, 6, 30)),
        (f"31/12/{year}, six mois", pd.Timestamp(year, 7, 1), pd.Timestamp(year, 12, 31)),
        whole,
    ]


def _cibles(faits: Faits) -> Iterator[Cible]:
    """The law on each territory under the duty, then what the parties ask beyond it."""
    towns, regles = faits.dossier.communes, faits.regles
    under = towns.loc[towns["obligation_25"].fillna(False).astype(bool)]
    for code, communes in under.groupby("obligation_territoire", sort=True)["commune"]:
        for objectif, cle in OF_LAW:
            if cle in regles:
                law = regles.figure(cle)
                yield Cible(
                    objectif=objectif,
                    territoire=str(code),
                    communes=frozenset(communes),
                    part=Fraction(law.valeur),
                    article=str(law.article),
                )
    asked = faits.dossier.objectifs
    asked = asked.loc[asked["objectif"].isin([o for o, _ in OF_LAW]) & asked["id_reservataire"].isna()]
    for row in asked.drop_duplicates(["objectif", "territoire_code", "part"]).to_dict("records"):
        code, everywhere = row["territoire_code"], pd.isna(row["territoire_code"])
        inside = (towns[["commune", "epci", "ept", "departement"]] == code).any(axis=1) | everywhere
        yield Cible(
            objectif=str(row["objectif"]),
            territoire="*" if everywhere else str(code),
            communes=frozenset(towns.loc[inside, "commune"]),
            part=Fraction(repr(float(row["part"]))),
            article=str(row["source"]) if pd.notna(row["source"]) else "CCH, art. L. 441-1-6",
        )
