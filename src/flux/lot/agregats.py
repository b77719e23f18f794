"""Dossiers added up by EPCI, département, région or country. Every figure is a sum of the dossiers' own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flux.conversion.cellules import BAILLEUR
from flux.conversion.enveloppe import SCHEMA, library_version, records
from flux.lot.categories import INCONNU, Niveau, grouped, in_order, names, places
from flux.lot.disque import Fait, read_table, read_tables
from flux.lot.images import ImageAgregat, illustrate
from flux.noyau.errors import FluxError, near_misses
from flux.rendu import glossaire
from flux.rendu.nombres import entier
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue
from flux.simulation.ecarts import ORIENTATIONS, PARTOUT, TOUS_RESERVES, measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LIEU = ["territoire_code", "nom"]
FLUX = ["nb_logements", "liberations", "soustraits", "flux_net", "flux_a_partager"]
OBJECTIFS = ["base", "seuil", "atteint", "manque", "manque_entier"]
ASIDE = ("physique", "equite")  # a demand is a fact, equity has no threshold: nothing to add up
GAINS = ["stock_moyen", "flux_moyen", "ecart_moyen", "ecart_type", "ecart_q05", "ecart_q95", "p_perte",
         "p_gain", "ecart_autre"]
MEANS = ["stock_moyen", "flux_moyen", "retires"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Agregat(Affichable):
    """Dossiers added up.

    Attributes
    ----------
    niveau : "epci", "departement", "region" or "pays".
    flux : a row a territory: territoire_code, nom, nb_dossiers, nb_logements, liberations, soustraits,
        flux_net, flux_a_partager, nb_livraisons (first lettings); dwellings of the year.
    quotas : a row a territory and category: categorie ("etat": both its publics), nb_droits, exact, nb, part
        (of the territory's flow).
    objectifs : a row a territory, objective and level: base, seuil, atteint, manque, manque_entier (sums:
        what one bailleur exceeds makes up for nothing that another misses), nb_objectifs, nb_atteints.
    gains : a row a territory and category: dwellings a year under stock and under the flow, their difference,
        its standard deviation and quantiles, chances to lose or gain more than one dwelling; `ecart_autre`,
        the mean difference if mutations were made on other dwellings under stock. Empty where nothing was
        simulated.
    notes : what must be known to read it, in French.
    """

    niveau: Niveau
    flux: pd.DataFrame
    quotas: pd.DataFrame
    objectifs: pd.DataFrame
    gains: pd.DataFrame
    notes: tuple[str, ...]

    def vue(self) -> Vue:
        """Flow, quotas, objectives, gains."""
        total = self.flux[["nb_dossiers", "nb_logements", "flux_a_partager"]].sum()
        wide = self.quotas.pivot_table(index=LIEU, columns="categorie", values="nb", aggfunc="sum",
                                       fill_value=0, sort=False).reset_index()
        shown = in_order(wide.columns)
        labels = [Colonne(c, "nb", glossaire.format("lot.categorie", c)) for c in shown]
        tableaux = [
            Tableau(titre="Flux de l'année", frame=self.flux, total=True,
                    colonnes=(_PLACE, *(Colonne(c, f"lot.{c}") for c in ("nb_dossiers", *FLUX)))),
            Tableau(titre="Quotas par catégorie de réservataire", frame=wide, total=True,
                    colonnes=(_PLACE, *labels)),
        ]
        if len(self.objectifs):
            tableaux.append(Tableau(
                titre="Objectifs : sommes des dossiers", frame=self.objectifs,
                colonnes=(_PLACE, "objectif", "niveau", "base", "seuil", "atteint", "manque",
                          Colonne("nb_objectifs", "lot.nb_objectifs"),
                          Colonne("nb_atteints", "lot.nb_atteints"))))
        if len(self.gains):
            chances = (Colonne("p_perte", "bascule.p_perte"), Colonne("p_gain", "bascule.p_gain"))
            tableaux.append(Tableau(
                titre="Du stock au flux : logements par an", frame=self.gains,
                colonnes=(_PLACE, Colonne("categorie", "lot.categorie"), "stock_moyen", "flux_moyen",
                          "ecart_moyen", "ecart_q05", "ecart_q95", *chances,
                          Colonne("ecart_autre", "lot.ecart_autre"))))
        titre = (f"{glossaire.format('lot.niveau', self.niveau)} : "
                 f"{entier(total['nb_logements'])} logements, "
                 f"{entier(round(total['flux_a_partager']))} à partager dans l'année")
        return Vue(titre=titre, tableaux=tuple(tableaux), notes=self.notes)

    def plot(self, genre: str = ImageAgregat.QUOTAS) -> Figure:
        """A picture: "quotas", "objectifs" or "gains", see `illustrate`."""
        return illustrate(self, genre).dessin()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the tables."""
        frames = ("flux", "quotas", "objectifs", "gains")
        return {"schema": SCHEMA, "commande": "lot", "version": library_version(),
                "niveau": self.niveau.value, "notes": list(self.notes),
                **{name: records(getattr(self, name)) for name in frames}}


_PLACE = Colonne("nom", "lot.territoire")


def aggregate(sortie: Path, faits: Sequence[Fait], niveau: str) -> Agregat:
    """What dossiers add up to: see `Lot.agreger`."""
    known = [n.value for n in Niveau]
    if niveau not in known:
        close = near_misses(str(niveau), known) or known
        raise FluxError(f"« {niveau} » n'est pas un niveau. Niveaux : {', '.join(close)}.", code="lot.niveau")
    level = Niveau(niveau)
    where = places(sortie, faits)
    called = names(level, where)
    at = where.set_index(["dossier", "commune"])[level.value]
    categories = read_tables(sortie, faits, "quotas").set_index(["dossier", "id_reservataire"])["categorie"]

    def placed(frame: pd.DataFrame) -> pd.DataFrame:
        """Rows by commune, with their territory, and the group of their holder where they have one."""
        code = at.reindex(pd.MultiIndex.from_frame(frame[["dossier", "commune"]])).fillna(INCONNU)
        frame = frame.assign(territoire_code=code.to_numpy())
        if "id_reservataire" in frame:
            holder = pd.MultiIndex.from_frame(frame[["dossier", "id_reservataire"]])
            frame = frame.assign(categorie=grouped(categories.reindex(holder)).to_numpy())
        return frame

    def named(frame: pd.DataFrame) -> pd.DataFrame:
        frame.insert(1, "nom", frame["territoire_code"].map(called).fillna(frame["territoire_code"]))
        return frame

    read = {t: placed(read_tables(sortie, faits, t)) for t in ("flux", "communes", "droits", "livraisons")}
    gains, notes = _gains(sortie, faits, level, placed)
    objectifs = _objectifs(read_tables(sortie, faits, "objectifs"), where, level)
    return Agregat(niveau=level, flux=named(_flux(read["flux"], read["livraisons"])),
                   quotas=named(_quotas(read["communes"], read["droits"])), objectifs=named(objectifs),
                   gains=named(gains), notes=(*_left_out(faits), *notes))


def _flux(flux: pd.DataFrame, livraisons: pd.DataFrame) -> pd.DataFrame:
    by = flux.groupby("territoire_code")
    first = livraisons.groupby("territoire_code")["nb"].sum()
    table = by[FLUX].sum()
    table.insert(0, "nb_dossiers", by["dossier"].nunique())
    return table.assign(nb_livraisons=first.reindex(table.index, fill_value=0)).reset_index()


def _quotas(communes: pd.DataFrame, droits: pd.DataFrame) -> pd.DataFrame:
    keys = ["territoire_code", "categorie"]
    table = communes.groupby(keys)[["exact", "nb"]].sum()
    table.insert(0, "nb_droits", droits.groupby(keys)["nb"].sum().reindex(table.index, fill_value=0))
    table = _ordered(table.reset_index())
    return table.assign(part=table["nb"] / table.groupby("territoire_code")["nb"].transform("sum"))


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """By territory, then categories in their usual order."""
    rank = {g: i for i, g in enumerate([*in_order(table["categorie"]), TOUS_RESERVES])}
    return table.sort_values(["territoire_code", "categorie"], ignore_index=True,
                             key=lambda c: c.map(rank) if c.name == "categorie" else c)


def _objectifs(table: pd.DataFrame, where: pd.DataFrame, level: Niveau) -> pd.DataFrame:
    """An objective of a commune is its EPCI's; one of a whole département is of none."""
    table = table.loc[~table["niveau"].isin(ASIDE) & table["seuil"].notna()] if len(table) else table
    if table.empty:
        return pd.DataFrame(columns=["territoire_code", "objectif", "niveau", *OBJECTIFS, "nb_objectifs",
                                     "nb_atteints"])
    if level is Niveau.EPCI:
        code = table["territoire_code"].map(epci_of(where)).fillna(PARTOUT)
    else:
        code = table["dossier"].map(where.drop_duplicates("dossier").set_index("dossier")[level.value])
    by = table.assign(territoire_code=code, met=table["manque_entier"] == 0).groupby(
        ["territoire_code", "objectif", "niveau"])
    out = by[OBJECTIFS].sum().assign(nb_objectifs=by.size(), nb_atteints=by["met"].sum())
    return out.reset_index()


def epci_of(where: pd.DataFrame) -> dict[str, str]:
    """The EPCI of the code of a commune, of an EPT or of itself."""
    found: dict[str, str] = {}
    for column in ("commune", "ept", "epci"):
        known = where.dropna(subset=column)
        found |= dict(zip(known[column], known["epci"], strict=True))
    return found


def _gains(sortie: Path, faits: Sequence[Fait], level: Niveau, placed: Any) -> tuple[pd.DataFrame, list[str]]:
    """Runs of independent dossiers added one by one: as many runs of their sum."""
    lived = [f for f in faits if "tirages.csv" in f.fichiers]
    if not lived:
        return pd.DataFrame(columns=["territoire_code", "categorie", *GAINS]), []
    runs = {f.options["runs"] for f in lived}
    if len(runs) > 1:
        raise FluxError("Les dossiers n'ont pas tous le même nombre de tirages "
                        f"({', '.join(map(str, sorted(runs)))}). À faire : relancer le lot sur tous.",
                        code="lot.tirages")
    of = places(sortie, lived).drop_duplicates("dossier").set_index("dossier")[level.value]
    sums: dict[tuple[str, str], np.ndarray[Any, np.dtype[np.float64]]] = {}
    for fait in lived:
        for column, gap in read_table(sortie / fait.nom / "tirages.csv").items():
            epci, categorie = str(column).split()
            place = epci if level is Niveau.EPCI else str(of[fait.nom])
            values = gap.to_numpy(np.float64)
            groups = [categorie] if categorie == BAILLEUR else [categorie, TOUS_RESERVES]
            for group in groups:
                key = place, group if group == TOUS_RESERVES else grouped(pd.Series([group])).iloc[0]
                sums[key] = sums[key] + values if key in sums else values
    nb = runs.pop()
    gaps = np.column_stack(list(sums.values()))
    stats = measured(np.zeros_like(gaps), gaps)
    stats["ecart_type"] = stats["erreur"] * np.sqrt(nb)
    stats[["territoire_code", "categorie"]] = list(sums)
    means = read_tables(sortie, lived, "gains").rename(columns={"territoire_code": "commune"})
    means = means.loc[(means["indicateur"] == ORIENTATIONS) & (means["commune"] != PARTOUT)]
    means = placed(means.merge(read_tables(sortie, lived, "mutations")))
    reserved = means.loc[means["categorie"] != BAILLEUR].assign(categorie=TOUS_RESERVES)
    levels = pd.concat([means, reserved]).groupby(["territoire_code", "categorie"])[MEANS].sum()
    table = stats.drop(columns=MEANS[:2]).merge(levels.reset_index(), on=["territoire_code", "categorie"])
    table["ecart_autre"] = table["ecart_moyen"] + table["retires"]
    others = len(faits) - len(lived)
    said = ["Gains et pertes : les dossiers sont indépendants ; leurs tirages, ajoutés un à un, sont ceux de "
            "leur somme, et les chances y sont comptées. Mutations et relogements : retirés avant partage en "
            "flux, pris par le bailleur sur ses logements libres en stock, d'où une somme négative ; l'autre "
            "lecture les retire en stock aussi."]
    if others:
        said.append(f"Gains et pertes : sans {entier(others)} dossier{'s' if others > 1 else ''} non simulé"
                    f"{'s' if others > 1 else ''}.")
    return _ordered(table[["territoire_code", "categorie", *GAINS]]), said


def _left_out(faits: Sequence[Fait]) -> list[str]:
    out = [f.nom for f in faits if not f.etape]
    return [f"Sans {entier(len(out))} dossier{'s' if len(out) > 1 else ''} non converti"
            f"{'s' if len(out) > 1 else ''}."] if out else []
