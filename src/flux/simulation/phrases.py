"""What a mayor asks, in three sentences made from the figures alone, the worst run included."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flux.conversion.cellules import BAILLEUR
from flux.conversion.images import named
from flux.conversion.noms import Noms
from flux.noyau.errors import FluxError, near_misses
from flux.rendu.nombres import decimal, entier, part
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue
from flux.simulation.decomposition import Cascade
from flux.simulation.ecarts import ORIENTATIONS, PARTOUT, QUANTILES, SEUIL, TOUS_RESERVES
from flux.simulation.tirages import Reels
from flux.simulation.vecu import Mutations

if TYPE_CHECKING:
    from flux.simulation.bascule import Bascule

COMMUNE = "commune"
USUAL = 0.5  # share of the runs beyond which a loss is more frequent than not
PLURIEL = 2  # French counts 1,9 in the singular
SHOWN = ("stock_moyen", "flux_moyen", "ecart_moyen", "ecart_q05", "ecart_q95",
         Colonne("p_perte", "bascule.p_perte"), Colonne("p_gain", "bascule.p_gain"),
         Colonne("erreur", "bascule.erreur"))


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CommuneExpliquee(Affichable):
    """What the switch changes in a commune.

    Attributes
    ----------
    commune, nom, periode : code, name, years.
    phrases : what its holder has, what all have there, how surely.
    causes : why, for its holder (for all réservataires there, if it has none): exact, first year.
    table : rows of `bascule.table` on this commune, with the `nom` of each holder.
    """

    commune: str
    nom: str
    periode: str
    phrases: tuple[str, ...]
    causes: Cascade
    table: pd.DataFrame = field(repr=False)

    def vue(self) -> Vue:
        """Sentences, causes, then holders."""
        causes = self.causes.vue()
        titre = f"Logements par an, par réservataire, dans la commune « {self.nom} »"
        holders = Tableau(titre=titre, frame=self.table, colonnes=("nom", *SHOWN))
        return Vue(titre=f"{self.nom} : du stock au flux, {self.periode}",
                   notes=(*self.phrases, *causes.notes[1:]), tableaux=(*causes.tableaux, holders))


def explain(bascule: Bascule, asked: str) -> CommuneExpliquee:
    """One commune, by its code or its name.

    Raises
    ------
    FluxError
        Code "explication.inconnu": no such commune; near-misses suggested.
    """
    noms = Noms(bascule.quotas.dossier)
    code = _code(bascule, noms, asked)
    rows = bascule.table.loc[
        (bascule.table["territoire_code"] == code) & (bascule.table["indicateur"] == ORIENTATIONS)
    ]
    rows = rows.merge(named(bascule.quotas)[["id_reservataire", "nom"]], on="id_reservataire")
    return CommuneExpliquee(
        commune=code, nom=noms.a(code), periode=bascule.axes.periode, phrases=sentences(bascule, code, noms),
        causes=bascule.decomposition.explain(*_subject(bascule, code)), table=rows)


def summary(bascule: Bascule) -> tuple[str, str]:
    """All réservataires together; how many holders and communes lose or gain more often than not."""
    own = bascule.table.loc[lambda t: (t["territoire_code"] == PARTOUT) & (t["indicateur"] == ORIENTATIONS)
                            & (t["id_reservataire"] != BAILLEUR)]
    places = bascule.communes.loc[bascule.communes["groupe"] == TOUS_RESERVES]
    told = [f"{what}, perte de plus d'un logement pour {entier((rows['p_perte'] > USUAL).sum())} et gain de "
            f"plus d'un pour {entier((rows['p_gain'] > USUAL).sum())}, sur {entier(len(rows))}"
            for rows, what in ((own, "par réservataire"), (places, "par commune, tous réservataires"))]
    both = bascule.runs_of(TOUS_RESERVES)
    return (
        _received(bascule, "Tous les réservataires", *both, bascule.retires(TOUS_RESERVES)),
        f"Plus d'une fois sur deux, {' ; '.join(told)}.",
    )


def sentences(bascule: Bascule, code: str, noms: Noms) -> tuple[str, str, str]:
    """The commune as a holder (or all holders there); the commune as a place; how surely, and the worst."""
    key = _subject(bascule, code)
    every = f"Tous les réservataires dans la commune « {noms.a(code)} »"
    who = every if key[0] == TOUS_RESERVES else noms.de(key[0])
    stock, flux = bascule.runs_of(*key)
    return (
        _received(bascule, who, stock, flux, bascule.retires(*key)),
        _place(bascule, code, noms),
        _surely(who, flux - stock),
    )


def _received(bascule: Bascule, who: str, stock: Reels, flux: Reels, taken: Reels) -> str:
    """The difference, and what it would be were mutations made otherwise under stock."""
    ecart = flux - stock
    plural = "s" if round(stock.mean(), 1) >= PLURIEL else ""
    low, high = np.quantile(ecart, QUANTILES, method="inverted_cdf")
    error = ecart.std(ddof=1) / np.sqrt(len(ecart))
    if bascule.options.mutations_en_stock is Mutations.RETIREES:
        other, how = ecart - taken, "le bailleur faisait, en stock, ses mutations sur ses seuls logements"
    else:
        other, how = ecart + taken, "les mutations prenaient, en stock, les mêmes logements qu'en flux"
    return (
        f"{who} : {_nb(stock.mean())} logement{plural} par an en stock, {_nb(flux.mean())} en flux, en "
        f"moyenne ; écart de {_signed(ecart.mean())} (erreur de tirage {decimal(error)}), entre "
        f"{_whole(low)} et {_whole(high)} neuf fois sur dix ; il serait de {_signed(other.mean())} si {how}."
    )


def _place(bascule: Bascule, code: str, noms: Noms) -> str:
    """All that is let in the commune, by group; and what mutations take out."""
    rows = bascule.communes.loc[bascule.communes["commune"] == code].set_index("groupe")
    gains = rows["ecart_moyen"].drop([PARTOUT, TOUS_RESERVES], errors="ignore")
    groups = " ; ".join(f"{group} {_signed(gain)}" for group, gain in gains.items())
    stock, flux = (_nb(float(rows[c].loc[PARTOUT])) for c in ("stock_moyen", "flux_moyen"))
    said = (
        f"Dans la commune « {noms.a(code)} », tous ensemble : {stock} en stock, {flux} en flux (par groupe : "
        f"{groups})"
    )
    if taken := float(bascule.retires(PARTOUT, code).mean()):
        free = bascule.libres(code)
        short = part((bascule.retires(PARTOUT, code) > free).mean())
        how = ("retirés dans les deux cas" if bascule.options.mutations_en_stock is Mutations.RETIREES
               else f"pris, en stock, sur les {_nb(float(free.mean()))} libérés sans droit, qui n'y "
               f"suffisent pas dans {short} des tirages")
        said += f" ; mutations et relogements : {_nb(taken)} par an, {how}"
    return f"{said}."


def _surely(who: str, ecart: Reels) -> str:
    lost, won = float((ecart < -SEUIL).mean()), float((ecart > SEUIL).mean())
    return (
        f"{who} : perte de plus d'un logement dans {part(lost)} des {entier(len(ecart))} tirages, gain de "
        f"plus d'un dans {part(won)} ; au pire des tirages {_whole(ecart.min())}, au mieux "
        f"{_whole(ecart.max())}."
    )


def _subject(bascule: Bascule, code: str) -> tuple[str, str]:
    """The holder that is the commune, everywhere, if it ever has something; else all of them there."""
    table = bascule.quotas.table
    mine = table.loc[table["categorie"].isin([COMMUNE, "ville_paris"]) & (table["territoire_code"] == code)]
    for ident in mine["id_reservataire"]:
        if any(values.any() for values in bascule.runs_of(str(ident), PARTOUT)):
            return str(ident), PARTOUT
    return TOUS_RESERVES, code


def _nb(value: float) -> str:
    return decimal(value, 1)


def _whole(value: float) -> str:
    """A number of dwellings of one run, signed: several years are averaged."""
    return f"{'+' if value > 0 else ''}{decimal(value, 0 if value == int(value) else 1)}"


def _signed(value: float) -> str:
    said = decimal(value, 1)
    return f"+{said}" if round(value, 1) > 0 else said


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFD", name.casefold())
    return "".join(c for c in letters if c.isalnum())


def _code(bascule: Bascule, noms: Noms, asked: str) -> str:
    codes = bascule.axes.communes
    same = [c for c in codes if asked == c or _plain(noms.a(c)) == _plain(asked)]
    if len(same) == 1:
        return same[0]
    known = same or near_misses(asked, [*codes, *map(noms.a, codes)])
    hint = f" Vouliez-vous dire : {', '.join(known)} ?" if known else ""
    raise FluxError(f"Aucune commune « {asked} » dans la simulation, ou plusieurs.{hint}",
                    code="explication.inconnu")
