"""Turnover: relettings over dwellings, pooled over a window, segment by segment.

"le taux de rotation retenu" is asked by the arrêté of 10 March 2011, 2° for the State's convention.
The ratio is pooled (sum over sum), not a mean of yearly ratios: small segments would swing it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from flux.conversion.assiette import Classement, in_service
from flux.dossier import Dossier
from flux.rendu.nombres import part

MAILLES: dict[str, tuple[str, ...]] = {
    "programme": ("programme",),
    "commune_typologie": ("commune", "typologie"),
    "commune": ("commune",),
    "aucun": (),
}
TOUT = "ensemble"


@dataclass(frozen=True)
class Rotation:
    """Pooled turnover by rotation group.

    maille : programme, commune_typologie, commune or aucun.
    groupe : the rotation group of each dwelling, aligned on `dossier.logements`.
    taux : exact pooled rate by group.
    table : groupe, its keys, stock_<annee>, relocations_<annee>, nb_stock, nb_relocations, taux.
    annees : years of the window that hold movements.
    parts_hors_flux : nature -> share of past relettings that were mutations or relogements.
    """

    maille: str
    groupe: pd.Series
    taux: dict[str, Fraction]
    table: pd.DataFrame
    annees: tuple[int, ...]
    parts_hors_flux: dict[str, Fraction]
    hypotheses: tuple[str, ...]
    avertissements: tuple[str, ...]


def pooled_turnover(dossier: Dossier, classement: Classement) -> Rotation:
    """Turnover of each group over the window: Σ relettings / Σ stock.

    Rows of `mouvements` with `etape = bail` and any nature but `premiere_location` are relettings.
    A group without past stock (a new programme) takes the rate of the wider group, and it is said.
    """
    convention, logements = dossier.convention, dossier.logements
    choix = convention.choix
    notes: list[str] = []
    wanted = [
        a
        for a in range(convention.annee - choix.fenetre_rotation, convention.annee)
        if a not in choix.annees_exclues
    ]
    relets = _relettings(dossier, classement, wanted, notes)
    annees = tuple(sorted(set(relets["annee"].astype(int))))
    if annees and (missing := [a for a in wanted if a not in annees]):
        notes.append(
            "Années sans aucune relocation dans la table des mouvements, laissées hors de la fenêtre : "
            + ", ".join(map(str, missing))
            + "."
        )
    maille = str(choix.segment_rotation)
    if maille == "auto":
        maille = finest(relets, logements)
    keys = MAILLES[maille]
    groupe = label(logements, keys)
    if not annees:
        return _assumed(dossier, notes)

    wide = pd.DataFrame({"groupe": sorted(set(groupe))}).set_index("groupe")
    counts = relets.assign(groupe=label(relets, keys))
    for annee in annees:
        present = in_service(logements, annee) & classement.dans_champ
        wide[f"stock_{annee}"] = groupe[present].value_counts()
        wide[f"relocations_{annee}"] = counts[counts["annee"] == annee].groupby("groupe")["nb"].sum()
    wide = wide.fillna(0).astype(int)
    wide["nb_stock"] = wide[[f"stock_{a}" for a in annees]].sum(axis=1)
    wide["nb_relocations"] = wide[[f"relocations_{a}" for a in annees]].sum(axis=1)
    lost = int(counts["nb"].sum()) - int(wide["nb_relocations"].sum())
    if lost:
        notes.append(f"{lost} relocation(s) d'une maille sans logement dans la table, non rattachées.")

    taux = {
        g: Fraction(int(r), int(s))
        for g, r, s in zip(wide.index, wide["nb_relocations"], wide["nb_stock"], strict=True)
        if s
    }
    hypotheses = _borrow(taux, wide, logements.loc[classement.dans_assiette], groupe)
    first = logements.assign(groupe=groupe).drop_duplicates("groupe").set_index("groupe")[list(keys)]
    table = first.join(wide, how="right").reset_index()
    table["taux"] = [float(taux.get(g, 0)) for g in table["groupe"]]
    natures = relets.groupby("nature")["nb"].sum()
    parts = {str(n): Fraction(int(v), int(natures.sum())) for n, v in natures.items() if n != "relocation"}
    return Rotation(maille, groupe, taux, table, annees, parts, tuple(hypotheses), tuple(notes))


def finest(relets: pd.DataFrame, logements: pd.DataFrame) -> str:
    """The finest grain that the movements support (dossier, `segment_rotation = auto`)."""
    if relets["id_logement"].notna().all() and logements["programme"].notna().all():
        return "programme"
    if relets[["commune", "typologie"]].notna().all(axis=None):
        return "commune_typologie"
    return "commune" if relets["commune"].notna().all() else "aucun"


def label(frame: pd.DataFrame, keys: tuple[str, ...]) -> pd.Series:
    """The name of each row's rotation group."""
    if not keys:
        return pd.Series(TOUT, index=frame.index)
    columns = [frame[k].fillna("non renseigné").astype(str) for k in keys]
    out = columns[0]
    for column in columns[1:]:
        out = out + " · " + column
    return out


def _relettings(
    dossier: Dossier, classement: Classement, annees: list[int], notes: list[str]
) -> pd.DataFrame:
    """Relettings of the window inside the scope of the base, each with its dwelling's own attributes."""
    moves = dossier.mouvements
    moves = moves.loc[
        (moves["etape"] == "bail") & (moves["nature"] != "premiere_location") & moves["annee"].isin(annees)
    ].copy()
    known = dossier.logements.set_index("id_logement")
    one = moves["id_logement"].notna()
    for column in ("programme", "commune", "qpv", "typologie", "financement"):
        moves[column] = moves["id_logement"].map(known[column]).where(one, moves[column])
    inside = ~moves["id_logement"].isin(dossier.logements.loc[~classement.dans_champ, "id_logement"])
    if left := int(moves.loc[~inside, "nb"].sum()):
        notes.append(f"{left} relocation(s) de logements hors du champ de l'assiette, laissées de côté.")
    programme_commune = dossier.logements.drop_duplicates("programme").set_index("programme")["commune"]
    moves["commune"] = moves["commune"].where(
        moves["commune"].notna(), moves["programme"].map(programme_commune)
    )
    return moves.loc[inside]


def _assumed(dossier: Dossier, notes: list[str]) -> Rotation:
    """No movement at all: the convention's rate, or a flat weight under the landlord's forecast."""
    hypotheses = dossier.convention.hypotheses
    rate = hypotheses.taux_rotation
    said = []
    if rate is not None:
        said.append(
            f"Taux de rotation supposé par la convention : {part(rate, 2)} (aucun mouvement dans la fenêtre)."
        )
    groupe = pd.Series(TOUT, index=dossier.logements.index)
    taux = {TOUT: rate if rate is not None else Fraction(1)}
    table = pd.DataFrame(
        {"groupe": [TOUT], "nb_stock": [pd.NA], "nb_relocations": [pd.NA], "taux": [float(rate or 0)]}
    )
    return Rotation("aucun", groupe, taux, table, (), {}, tuple(said), tuple(notes))


def _borrow(
    taux: dict[str, Fraction], wide: pd.DataFrame, base: pd.DataFrame, groupe: pd.Series
) -> list[str]:
    """Give groups of the base without past stock the rate of their commune, else of the whole."""
    missing = sorted(set(groupe.loc[base.index]) - set(taux))
    if not missing:
        return []
    commune = base.assign(groupe=groupe).drop_duplicates("groupe").set_index("groupe")["commune"]
    by_commune = wide.groupby(commune.reindex(wide.index))[["nb_relocations", "nb_stock"]].sum()
    known = by_commune.to_dict("index")
    stock = int(wide["nb_stock"].sum())
    overall = Fraction(int(wide["nb_relocations"].sum()), stock) if stock else Fraction(0)
    for name in missing:
        here = known.get(commune[name])
        taux[name] = (
            Fraction(int(here["nb_relocations"]), int(here["nb_stock"]))
            if here and here["nb_stock"]
            else overall
        )
    return [
        f"{len(missing)} maille(s) de rotation sans logement dans la fenêtre (programmes récents) : "
        "taux de la commune, à défaut de l'ensemble."
    ]
