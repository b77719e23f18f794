"""Why this many there: a holder's dwellings in a commune, its proportional share, the rows that bind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flux.allocation.cadre import PUBLIC
from flux.allocation.modele import Modele
from flux.allocation.obligations import Obligation, Repartition, Sens, Support
from flux.conversion.enveloppe import records
from flux.conversion.noms import Noms
from flux.noyau.errors import FluxError, near_misses
from flux.rendu import glossaire, nombres, vue
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

if TYPE_CHECKING:
    from flux.allocation.plan import Plan
    from flux.conversion.explication import Explication

TIGHT = 1e-6  # dwellings: a row this near to its threshold holds the plan
ROWS = ["contrainte", "seuil", "atteint", "manque", "article"]
KINDS = ["qpv", "typologie", "financement"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class OrientationExpliquee(Affichable):
    """What a holder receives in a commune, and why.

    Attributes
    ----------
    nom, commune : the holder and the commune, as people call them.
    nb, nb_exact, reference, quota : dwellings: of the plan, whole then exact; the proportional share; the
        holder's quota there.
    lignes : the rows that bind: contrainte, seuil, atteint, manque, article. A ceiling or a quota binds when
        it is reached, a floor when it is not passed.
    logements : a row a kind of dwelling: `nb, nb_exact, reference`. publics : a row a public: `nb, nb_exact`.
    ecarts : where the whole numbers leave the quota, in sentences.
    parent : why the quota there is what it is.
    """

    nom: str
    commune: str
    nb: int
    nb_exact: float
    reference: float
    quota: int
    lignes: pd.DataFrame
    logements: pd.DataFrame
    publics: pd.DataFrame
    ecarts: tuple[str, ...]
    parent: Explication = field(repr=False)

    def vue(self) -> Vue:
        """The count, what proportion would give, the rows that bind."""
        away = self.nb_exact - self.reference
        gap = "autant" if abs(away) < TIGHT else (
            f"{nombres.decimal(abs(away))} de {'plus' if away > 0 else 'moins'}")
        reason = ("Les lignes du programme qui pèsent sont ci-dessous." if len(self.lignes) else
                  "Aucune obligation ne pèse : c'est la part proportionnelle, arrondie avec les autres.")
        reference = Colonne("reference", "nb_exact", "Part proportionnelle")
        return Vue(
            titre=f"{self.nom} à {self.commune} : {nombres.entier(self.nb)} logement{'s' * (self.nb > 1)}",
            notes=(f"Quota dans la commune : {nombres.entier(self.quota)}. Part proportionnelle : "
                   f"{nombres.decimal(self.reference)} ; plan exact : {nombres.decimal(self.nb_exact)}, soit "
                   f"{gap}. {reason}", *self.ecarts),
            tableaux=(Tableau(titre="Lignes qui pèsent", frame=self.lignes, colonnes=ROWS),
                      Tableau(titre="Logements", frame=self.logements, total=True,
                              colonnes=[*KINDS, reference, "nb_exact", "nb"]),
                      Tableau(titre="Publics", frame=self.publics, total=True,
                              colonnes=[*PUBLIC, "nb_exact", "nb"])))

    def __repr__(self) -> str:
        return f"{vue.texte(self.vue())}\n{self.parent!r}"

    def _repr_html_(self) -> str:
        return vue.html(self.vue()) + self.parent._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the count, its rows, and the proof of the quota."""
        frames = ("lignes", "logements", "publics")
        return {"nom": self.nom, "commune": self.commune, "nb": self.nb,
                "nb_exact": round(self.nb_exact, 9), "reference": round(self.reference, 9),
                "quota": self.quota, "ecarts": list(self.ecarts), "parent": self.parent.to_dict(),
                **{name: records(getattr(self, name)) for name in frames}}


def explain_cell(plan: Plan, porteur: str, ids: Sequence[str], commune: str) -> OrientationExpliquee:
    """Why `ids` (both contingents for "etat", or one holder) receive this many in a commune.

    Raises
    ------
    FluxError
        Code "explication.inconnu": a commune that the flow does not know; near-misses suggested.
    """
    modele, exact, noms = plan.modele, plan.optimum, Noms(plan.quotas.dossier)
    code = _code(plan, noms, commune)
    cadre = modele.cadre
    names = cadre.porteurs["id_reservataire"].to_numpy()[cadre.cellules["porteur"]]
    towns = cadre.segments["commune"].to_numpy()[cadre.cellules["segment"]]
    cells = np.flatnonzero(pd.Index(names).isin(list(ids)) & (towns == code))
    given = pd.DataFrame({"reference": cadre.cellules["reference"].to_numpy()[cells]}).assign(
        **{c: cadre.segments[c].to_numpy()[cadre.cellules["segment"].to_numpy()[cells]] for c in KINDS})
    here = plan.table.loc[plan.table["id_reservataire"].isin(ids) & (plan.table["commune"] == code)]
    kinds = pd.concat([given.assign(nb=0, nb_exact=0.0),
                       here[[*KINDS, "nb", "nb_exact"]].assign(reference=0.0)])
    kinds = kinds.groupby(KINDS, as_index=False)[["reference", "nb_exact", "nb"]].sum()
    dues = plan.quotas.communes
    due = dues.loc[dues["id_reservataire"].isin(ids) & (dues["commune"] == code), "nb"].sum()
    gaps = plan.manques.loc[plan.manques["id_reservataire"].isin(ids) & (plan.manques["commune"] == code)]
    return OrientationExpliquee(
        nom=noms.de(porteur).strip("« »") if len(ids) == 1 else "État", commune=noms.a(code),
        nb=int(here["nb"].sum()), nb_exact=float(here["nb_exact"].sum()),
        reference=float(given["reference"].sum()), quota=int(due),
        lignes=_binding(modele, exact, cells), logements=kinds.astype({"nb": "int64"}),
        publics=here.groupby(PUBLIC, as_index=False)[["nb_exact", "nb"]].sum(),
        ecarts=tuple(_gap(row) for row in gaps.to_dict("records")),
        parent=plan.quotas.explain(porteur, commune=code))


def row_name(objectif: str, porteur: str, territoire_code: str, niveau: str) -> str:
    """A row as people name it: objective, holder, territory, level."""
    words = {"objectif": objectif, "porteur": porteur, "territoire_code": territoire_code, "niveau": niveau}
    return " · ".join(glossaire.format(cle, value) for cle, value in words.items())


def _code(plan: Plan, noms: Noms, commune: str) -> str:
    """The code of a commune named by its code or its name."""
    known = set(plan.quotas.communes["commune"]) | set(plan.modele.cadre.segments["commune"])
    by_name = {noms.a(code).casefold(): code for code in sorted(known)}
    if commune in known:
        return commune
    if commune.casefold() in by_name:
        return str(by_name[commune.casefold()])
    close = near_misses(commune.casefold(), sorted(by_name))
    hint = f"Vouliez-vous dire : {', '.join(noms.a(by_name[n]) for n in close)} ?" if close else (
        f"Communes du plan : {', '.join(noms.a(c) for c in sorted(known))}.")
    raise FluxError(f"Aucune commune « {commune} » dans le plan. {hint}", code="explication.inconnu")


def _binding(modele: Modele, exact: Repartition, cells: np.ndarray[Any, Any]) -> pd.DataFrame:
    """The obligations that count these cells and leave them no room."""
    found = [(row_name(o.objectif, o.porteur, o.territoire_code, o.niveau),
              *(round(f(exact), 9) for f in (o.seuil, o.atteint, o.manque)), o.article)
             for o in _touching(modele, cells) if _tight(o, exact)]
    return pd.DataFrame(found, columns=ROWS)


def _touching(modele: Modele, cells: np.ndarray[Any, Any]) -> Iterator[Obligation]:
    cadre = modele.cadre
    mine, parts = set(cells.tolist()), cadre.cellules["part"].to_numpy()[cells]
    publics = set(np.flatnonzero(cadre.publics["part"].isin(parts)).tolist())
    holders = set(cadre.cellules["porteur"].to_numpy()[cells].tolist())
    for o in modele.obligations:
        counted = {*o.compte.tolist(), *o.assiette.tolist()}
        if o.support is Support.ECARTS:
            touched = any(modele.equites[k].porteur in holders for k in o.compte.tolist())
        else:
            touched = not counted.isdisjoint(mine if o.support is Support.CELLULES else publics)
        if touched:
            yield o


def _tight(o: Obligation, exact: Repartition) -> bool:
    """A ceiling that is reached, a floor that is not passed; a demand of nobody for nothing says nothing."""
    room = o.atteint(exact) - o.seuil(exact)
    room = -room if o.sens is Sens.PLAFOND else room
    return room < TIGHT and max(o.seuil(exact), o.atteint(exact)) > TIGHT


def _gap(row: dict[Any, Any]) -> str:
    where = "en quartier prioritaire" if row["qpv"] else "hors quartier prioritaire"
    return (f"{where[0].upper()}{where[1:]}, quota {nombres.entier(row['voulu'])}, plan "
            f"{nombres.entier(row['obtenu'])} : {row['motif']}.")
