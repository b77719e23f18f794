"""Turnover: relettings over dwellings, pooled over a window, segment by segment.

"le taux de rotation retenu" is asked by the arrêté of 10 March 2011, 2° for the State's convention.
The ratio is pooled (sum over sum), not a mean of yearly ratios: small segments would swing it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd

from flux.conversion.assiette import Classement, in_service
from flux.conversion.lissage import Compte, Estimation, most_lets, raw, shrink, whole
from flux.conversion.probabilites import beta_interval
from flux.dossier import Dossier
from flux.rendu.nombres import entier, part

MAILLES: dict[str, tuple[str, ...]] = {
    "programme": ("programme",),
    "commune_typologie": ("commune", "typologie"),
    "commune": ("commune",),
    "aucun": (),
}
TOUT = "ensemble"
NOMS = {
    "programme": ("programme", "du parc"),
    "commune": ("commune", "du parc"),
    "commune_typologie": ("commune et typologie", "de la typologie"),
}
"""A grain, and whose rate smoothing draws it toward, as people say them."""


@dataclass(frozen=True)
class Rotation:
    """Turnover by rotation group.

    maille : programme, commune_typologie, commune or aucun.
    groupe : the rotation group of each dwelling, aligned on `dossier.logements`.
    estimations : what is known of the rate of each group.
    lets : the most relettings of one dwelling in a year that the laws allow.
    table : groupe, its keys, stock_<annee>, relocations_<annee>, nb_stock, nb_relocations, taux_brut, taux,
        taux_bas, taux_haut (between them nine chances out of ten), effectif_equivalent (dwelling-years).
    annees : years of the window that hold movements.
    parts_hors_flux : nature -> share of past relettings that were mutations or relogements.
    """

    maille: str
    groupe: pd.Series
    estimations: dict[str, Estimation]
    lets: int
    table: pd.DataFrame
    annees: tuple[int, ...]
    parts_hors_flux: dict[str, Fraction]
    hypotheses: tuple[str, ...]
    avertissements: tuple[str, ...]

    @cached_property
    def taux(self) -> dict[str, Fraction]:
        """The rate retained for each group, a year."""
        return {groupe: e.taux for groupe, e in self.estimations.items()}


def pooled_turnover(dossier: Dossier, classement: Classement) -> Rotation:
    """Turnover of each group over the window: Σ relettings / Σ stock, smoothed if the parties chose it.

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
    relets = relettings(dossier, classement, wanted, notes)
    annees = tuple(sorted(set(relets["annee"].astype(int))))
    if annees and (missing := [a for a in wanted if a not in annees]):
        notes.append(
            "Années sans aucune relocation dans la table des mouvements, laissées hors de la fenêtre : "
            + ", ".join(map(str, missing))
            + "."
        )
    if not annees:
        return _assumed(dossier, notes)
    maille = str(choix.segment_rotation)
    if maille == "auto":
        maille = finest(relets, logements)
    groupe = label(logements, MAILLES[maille])
    wide = observed(dossier, classement, relets, groupe, maille, annees)
    lost = int(relets["nb"].sum()) - int(wide["nb_relocations"].sum())
    if lost:
        notes.append(f"{lost} relocation(s) d'une maille sans logement dans la table, non rattachées.")
    estimations, lets = estimated(wide, maille, str(choix.lissage))
    natures = relets.groupby("nature")["nb"].sum()
    parts = {str(n): Fraction(int(v), int(natures.sum())) for n, v in natures.items() if n != "relocation"}
    return Rotation(
        maille,
        groupe,
        estimations,
        lets,
        _table(wide, estimations, lets, maille),
        annees,
        parts,
        (
            *_borrowed(wide, set(groupe.loc[classement.dans_assiette]), maille, str(choix.lissage)),
            *_smoothing(estimations, maille, str(choix.lissage)),
        ),
        (*notes, *_repeated(lets)),
    )


def observed(
    dossier: Dossier,
    classement: Classement,
    relets: pd.DataFrame,
    groupe: pd.Series,
    maille: str,
    annees: Sequence[int],
) -> pd.DataFrame:
    """Dwellings and relettings of each group, year by year and summed over `annees`.

    Returns
    -------
    Index groupe; columns commune (that of its first dwelling), the keys of `maille`, stock_<annee>,
    relocations_<annee>, nb_stock, nb_relocations.
    """
    logements, keys = dossier.logements, MAILLES[maille]
    counts = relets.assign(groupe=label(relets, keys))
    wide = pd.DataFrame({"groupe": sorted(set(groupe))}).set_index("groupe")
    for annee in annees:
        present = in_service(logements, annee) & classement.dans_champ
        wide[f"stock_{annee}"] = groupe[present].value_counts()
        wide[f"relocations_{annee}"] = counts[counts["annee"] == annee].groupby("groupe")["nb"].sum()
    wide = wide.fillna(0).astype(int)
    wide["nb_stock"] = wide[[f"stock_{a}" for a in annees]].sum(axis=1)
    wide["nb_relocations"] = wide[[f"relocations_{a}" for a in annees]].sum(axis=1)
    first = logements.assign(groupe=groupe).drop_duplicates("groupe").set_index("groupe")
    return first[list(dict.fromkeys(("commune", *keys)))].join(wide, how="right")


def estimated(wide: pd.DataFrame, maille: str, lissage: str) -> tuple[dict[str, Estimation], int]:
    """What is known of the rate of each group of `wide`, and the most relettings of a dwelling in a year.

    Smoothing draws each group toward the whole, a commune's typology toward the same typology elsewhere.
    Without it, a group never observed borrows the rate of its commune, failing that of the whole.
    """
    comptes = _comptes(wide)
    ensemble = whole(_sum(wide), TOUT)
    if maille == "aucun":
        return {TOUT: ensemble}, most_lets([ensemble.compte])
    if lissage == "bayes":
        familles: dict[str, dict[str, Compte]] = {}
        names = wide["typologie"] if maille == "commune_typologie" else [TOUT] * len(wide)
        for famille, (groupe, compte) in zip(names, comptes.items(), strict=True):
            familles.setdefault(str(famille), {})[groupe] = compte
        lets = most_lets(comptes.values())
        return shrink(familles, TOUT, lets), lets
    par_commune = _comptes(wide.groupby("commune")[["nb_relocations", "nb_stock"]].sum())
    communes = raw(par_commune, ensemble)
    wider = {g: communes.get(c, ensemble) for g, c in zip(wide.index, wide["commune"], strict=True)}
    return wider | raw(comptes, ensemble), most_lets([*comptes.values(), *par_commune.values()])


def _comptes(frame: pd.DataFrame) -> dict[str, Compte]:
    return {
        str(g): Compte.of(int(y), int(n))
        for g, y, n in zip(frame.index, frame["nb_relocations"], frame["nb_stock"], strict=True)
    }


def _sum(wide: pd.DataFrame) -> Compte:
    return Compte.of(int(wide["nb_relocations"].sum()), int(wide["nb_stock"].sum()))


def _table(wide: pd.DataFrame, estimations: dict[str, Estimation], lets: int, maille: str) -> pd.DataFrame:
    """`quotas.rotation`: what was seen, the raw rate, the rate retained and how sure it is."""
    known = [estimations[g] for g in wide.index]
    moyenne = np.array([float(e.moyenne) for e in known])
    poids = np.array([e.poids for e in known])
    low, high = lets * beta_interval(moyenne / lets, poids * lets)
    table = wide.reset_index()
    if "commune" not in MAILLES[maille]:
        table = table.drop(columns="commune")
    return table.assign(
        taux_brut=[
            y / n if n else math.nan for y, n in zip(wide["nb_relocations"], wide["nb_stock"], strict=True)
        ],
        taux=[float(e.taux) for e in known],
        taux_bas=np.round(low, 6),
        taux_haut=np.round(high, 6),
        effectif_equivalent=poids,
    )


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


def relettings(
    dossier: Dossier, classement: Classement, annees: Sequence[int], notes: list[str]
) -> pd.DataFrame:
    """Relettings of `annees` inside the scope of the base, each with its dwelling's own attributes."""
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
    rate = dossier.convention.hypotheses.taux_rotation
    said = []
    if rate is not None:
        said.append(
            f"Taux de rotation supposé par la convention : {part(rate, 2)} (aucun mouvement dans la fenêtre)."
        )
    if dossier.convention.choix.lissage != "aucun":
        notes.append("Aucun mouvement dans la fenêtre : il n'y a pas de taux de rotation à lisser.")
    taux = rate if rate is not None else Fraction(1)
    assumed = Estimation(TOUT, TOUT, taux, taux, math.inf, Compte.of(0, 0))
    table = pd.DataFrame(
        {
            "groupe": [TOUT],
            "nb_stock": [pd.NA],
            "nb_relocations": [pd.NA],
            "taux_brut": [math.nan],
            "taux": [float(rate or 0)],
            "taux_bas": [math.nan],
            "taux_haut": [math.nan],
            "effectif_equivalent": [math.nan],
        }
    )
    groupe = pd.Series(TOUT, index=dossier.logements.index)
    lets = 1 + math.floor(taux)
    return Rotation("aucun", groupe, {TOUT: assumed}, lets, table, (), {}, tuple(said), tuple(notes))


def _borrowed(wide: pd.DataFrame, base: set[str], maille: str, lissage: str) -> list[str]:
    """Said of the groups of the base without past stock."""
    nb = sum(n == 0 and g in base for g, n in zip(wide.index, wide["nb_stock"], strict=True))
    if not nb:
        return []
    wider = "de la commune, à défaut de l'ensemble" if lissage == "aucun" else NOMS[maille][1]
    return [f"{nb} maille(s) de rotation sans logement dans la fenêtre (programmes récents) : taux {wider}."]


def _smoothing(estimations: dict[str, Estimation], maille: str, lissage: str) -> list[str]:
    """What the smoothing did, its strength in dwellings observed for a year."""
    if lissage == "aucun":
        return []
    if maille == "aucun":
        return ["Lissage sans objet : un seul taux de rotation pour tout le parc."]
    what, family = NOMS[maille]
    force = next((e.force for e in estimations.values() if e.force), None)
    if force is None:
        return [
            f"Lissage : rien ne distingue les taux de rotation par {what} de celui {family}, qui est retenu."
        ]
    return [
        f"Taux de rotation par {what} lissés (loi bêta-binomiale) : chacun est rapproché de celui {family}, "
        f"qui pèse autant que {entier(force)} logements observés un an ; ce poids est estimé sur les données."
    ]


def _repeated(lets: int) -> list[str]:
    if lets == 1:
        return []
    return [
        "Plus de relocations que de logements dans une maille de rotation : les intervalles admettent "
        f"jusqu'à {lets} baux par logement et par an."
    ]
