"""DALO and priority households among what each holder received.

"au moins un quart des attributions annuelles de logements réservés" (CCH, art. L. 441-1, al. 39; art.
L. 313-26-2 for Action Logement; al. 43 for the bailleur).
"""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from flux.allocation.obligations.loi import DALO_OF
from flux.bilan.faits import Faits
from flux.bilan.journal import APART
from flux.bilan.mesure import against, hide
from flux.conversion.cellules import BAILLEUR
from flux.dossier.vocabulaire import Objectif

PRIORITES = ("dalo", "prioritaire")
SEMESTRE = ("base_semestre", "prioritaires_semestre")
MESURES = (
    *SEMESTRE,
    "base",
    *PRIORITES,
    "inconnu",
    "part_atteinte",
    "part_demandee",
    "seuil_entier",
    "manque",
)
HIDDEN = ("prioritaires_semestre", *PRIORITES, "inconnu", "part_atteinte", "manque")
ONE_COMMUNE = ("commune", "ville_paris")


def event(faits: Faits) -> str:
    """What is counted: the attributions, as the law says; failing them, the leases."""
    return "attribution" if faits.journal.knows("attribution") else "bail"


def measured(faits: Faits) -> tuple[pd.DataFrame, bool]:
    """A row a holder under the duty: its base, and who it went to, on 30 June and over the year.

    Returns
    -------
    The table, names for its codes, and whether small counts of holders of one commune are masked in it.
    """
    holders = faits.dossier.reservataires
    categories = {BAILLEUR: BAILLEUR}
    for ident, categorie in zip(holders["id_reservataire"], holders["categorie"], strict=True):
        categories[str(ident)] = str(categorie)
    chosen = _chosen(faits)
    out = []
    for row in faits.sorted(_counts(faits), "porteur").to_dict("records"):
        categorie = categories.get(str(row["porteur"]), "")
        cle = DALO_OF.get(categorie)
        asked = [chosen[str(row["porteur"])]] if str(row["porteur"]) in chosen else []
        if cle is not None and cle in faits.regles:
            law = faits.regles.figure(cle)
            asked.append((Fraction(law.valeur), str(law.article)))
        if not asked:
            continue
        part, article = max(asked, key=lambda a: a[0])
        base, unknown = int(row["base"]), int(row["inconnu"])
        reached = int(row["dalo"] + row["prioritaire"])
        out.append(
            {
                **{str(nom): value for nom, value in row.items()},
                "id_reservataire": faits.name(str(row["porteur"])),
                **against(part, base, reached, unknown),
                "article": article,
                "seule": categorie in ONE_COMMUNE,
                **(dict.fromkeys((*PRIORITES, "prioritaires_semestre")) if base == unknown else {}),
            }
        )
    columns = ["porteur", "id_reservataire", *MESURES, "article", "seule"]
    frame = pd.DataFrame(out, columns=columns)
    frame = faits.mine(frame).astype(dict.fromkeys((*PRIORITES, "prioritaires_semestre", "manque"), "Int64"))
    frame = frame.reset_index(drop=True)
    known = frame[[*PRIORITES, "prioritaires_semestre"]].fillna(0).astype(int)
    early = frame["base_semestre"] - known["prioritaires_semestre"]
    rest = frame["base"] - known["dalo"] - known["prioritaire"] - frame["inconnu"]
    parts = [*(known[c] for c in known), frame["inconnu"], rest, early]
    frame, masked = hide(frame, frame["seule"], parts, HIDDEN, faits.seuil_masque)
    if faits.journal.sans_jour:
        frame[list(SEMESTRE)] = pd.NA
    return frame, masked


def _chosen(faits: Faits) -> dict[str, tuple[Fraction, str]]:
    """What the parties ask of a holder beyond the law, the highest: the share and where it is written."""
    rows = faits.dossier.objectifs
    rows = rows.loc[(rows["objectif"] == Objectif.DALO_PRIORITAIRES) & rows["id_reservataire"].notna()]
    return {
        str(row["id_reservataire"]): (
            Fraction(repr(float(row["part"]))),
            str(row["source"]) if pd.notna(row["source"]) else "CCH, art. L. 441-1-6",
        )
        for row in rows.sort_values("part").to_dict("records")
    }


def _counts(faits: Faits) -> pd.DataFrame:
    """Dwellings of each account: all, on 30 June, and by priority."""
    rows = faits.journal.of(event(faits))
    rows = rows.loc[~rows["porteur"].isin(list(APART))]
    early = rows["jour"] <= pd.Timestamp(faits.annee, 6, 30)
    counts = pd.DataFrame(
        {
            "base": rows["nb"],
            "base_semestre": rows["nb"].where(early, 0),
            "prioritaires_semestre": rows["nb"].where(early & rows["priorite"].isin(PRIORITES), 0),
            **{p: rows["nb"].where(rows["priorite"] == p, 0) for p in PRIORITES},
            "inconnu": rows["nb"].where(rows["priorite"].isna(), 0),
        }
    )
    return counts.groupby(rows["porteur"]).sum().reset_index()
