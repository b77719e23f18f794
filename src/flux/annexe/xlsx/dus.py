"""Sheet Dus: how each exact due is made, réservataire by commune, in the order of the contract.

1 and 2, holders of a territory and State: (part × flux + ajouts) × caps × reduction to the commune's flow;
3, holders of the département: the same fraction of what remains in each commune; the bailleur has the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flux.annexe.xlsx.flux import Flux
from flux.annexe.xlsx.grille import Champ, Feuille, Table
from flux.annexe.xlsx.taux import Taux
from flux.dossier.appellations import Noms
from flux.rendu import glossaire

if TYPE_CHECKING:
    from flux.conversion import Quotas

Row = dict[str, Any]
TERRITOIRE, ETAT, DEPARTEMENT, RESTE = "territoire", "etat", "departement", "reste"
ETAGES = {TERRITOIRE: "1. Territoire", ETAT: "2. État", DEPARTEMENT: "3. Département", RESTE: "4. Reste"}
GARANTIE, AUTRE = "garantie", "autre"
AGENTS = "etat_agents"
DUS = {
    "nom": Champ("Réservataire", largeur=44),
    "commune": Champ("Commune", largeur=30),
    "etage": Champ("Étage du calcul", largeur=16),
    "ordre": Champ("Numéro du réservataire", "entier", largeur=14),
    "categorie": Champ("Catégorie", largeur=34),
    "droits_garantie": Champ("Droits contre garantie", "exact", entree=True),
    "droits_autre": Champ("Autres droits", "exact", entree=True),
    "assiette": Champ("Assiette", "exact"),
    "part_garantie": Champ("Part contre garantie", "taux"),
    "part_autre": Champ("Autre part", "taux"),
    "cle": Champ("Clé de répartition", "exact", entree=True),
    "flux": Champ("Flux", "exact"),
    "ajouts_garantie": Champ("Ajouts contre garantie", "exact", entree=True),
    "ajouts_autre": Champ("Autres ajouts", "exact", entree=True),
    "brut_garantie": Champ("Brut contre garantie", "exact"),
    "brut_autre": Champ("Autre brut", "exact"),
    "groupe": Champ("Groupe du plafond des garanties", "entier"),
    "coef_garantie": Champ("Plafond des garanties", "exact"),
    "coef_agents": Champ("Plafond des agents", "exact"),
    "coef_etat": Champ("Plafond de l'État", "exact"),
    "servi_garantie": Champ("Contre garantie, plafonné", "exact"),
    "servi_autre": Champ("Autre, plafonné", "exact"),
    "coef_reduction": Champ("Réduction au flux", "exact"),
    "coef_reste": Champ("Réduction au reste", "exact"),
    "exact_garantie": Champ("Dû exact contre garantie", "exact"),
    "exact_autre": Champ("Autre dû exact", "exact"),
    "exact": Champ("Dû exact", "exact"),
    "retenu": Champ("Gardé hors de l'arrondi par un plafond", "exact"),
}


@dataclass(frozen=True)
class Dus:
    """The sheet while it is filled in: one function for each group of columns, here and in `coupes`."""

    quotas: Quotas = field(repr=False)
    flux: Flux
    taux: Taux
    table: Table
    rows: list[Row]
    types: dict[str, tuple[str, str]]

    def of(self, *etages: str) -> Iterator[tuple[int, Row]]:
        """Rows of some stages of the computation."""
        return ((i, r) for i, r in enumerate(self.rows) if r["etage"] in etages)

    @cached_property
    def places(self) -> dict[tuple[str, str], int]:
        """Row of each réservataire and commune."""
        return {(r["id_reservataire"], r["commune"]): i for i, r in enumerate(self.rows)}

    def territory(self, row: Row) -> tuple[str, str]:
        """Where the share of a row is computed: the holder's territory, or the commune alone outside it."""
        if row["etage"] != TERRITOIRE:
            return "departement", ""
        kind, code = self.types[row["id_reservataire"]]
        return (kind, code) if row["commune"] in self.flux.home(kind, code) else ("commune", row["commune"])

    def choice(self, nom: str) -> Any:
        """A choice of the parties."""
        return getattr(self.quotas.dossier.convention.choix, nom)


def open_dus(feuille: Feuille, quotas: Quotas) -> Table:
    """The empty table, whose place the sheets before it must know."""
    feuille.title(
        "Dus exacts par réservataire et par commune",
        "Dû = (droits ÷ assiette × flux + ajouts) × plafonds × réductions ; 1 ne réduit rien.",
        "Les réservataires du département prennent la même fraction du reste de chaque commune. "
        "Le bailleur a ce qui reste.",
        "Cellules jaunes : données. Un nombre de droits se change une fois, sur la première ligne du "
        "réservataire.",
    )
    table = feuille.table(DUS, len(quotas.dus))
    feuille.keep_heading(table, columns=3)
    for nom in ("droits_garantie", "droits_autre"):
        table.name(nom, nom, f"Dus, colonne « {DUS[nom].titre} »")
    table.name("dus_exacts", "exact", "Dus, colonne « Dû exact »")
    return table


def additions(table: Table) -> str:
    """Formula of all that is due on top of the shares."""
    return f"SUM({table.span('ajouts_garantie')},{table.span('ajouts_autre')})"


def start_dus(table: Table, quotas: Quotas, flux: Flux, taux: Taux, noms: Noms) -> Dus:
    """Who is in each row, and the share of the flow that its rights ask for."""
    frame = quotas.dus.astype(object).where(quotas.dus.notna(), None)
    rows: list[Row] = [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
    holders = quotas.dossier.reservataires
    places = zip(
        *(holders[k] for k in ("id_reservataire", "territoire_type", "territoire_code")), strict=True
    )
    types = {str(r): (str(t), str(c)) for r, t, c in places}
    order = {str(r): k for k, r in enumerate(quotas.table["id_reservataire"], start=1)}
    dus = Dus(quotas, flux, taux, table, rows, types)
    for i, row in enumerate(rows):
        table.put("nom", i, noms.reservataire(row["id_reservataire"]))
        table.put("commune", i, noms.commune(row["commune"]))
        table.put("etage", i, ETAGES[row["etage"]])
        table.put("ordre", i, order[row["id_reservataire"]])
        table.put("categorie", i, glossaire.format("categorie", row["categorie"]))
    _shares(dus)
    _asked(dus)
    return dus


def gross(row: Row, kind: str) -> float:
    """What a row asks for before any cap; a holder of the département, only what it adds in a commune."""
    rated = row[f"part_{kind}"] * row["flux"] if row["etage"] != DEPARTEMENT else 0.0
    return float(rated + row[f"ajouts_{kind}"])


def _shares(dus: Dus) -> None:
    """Rights over base. A share that holds in several communes is written once and repeated."""
    table = dus.table
    by_dwelling = str(dus.choice("methode")) == "parc"
    firsts: dict[tuple[Any, ...], int] = {}
    for i, row in dus.of(TERRITOIRE, ETAT, DEPARTEMENT):
        counted = by_dwelling and row["assiette"] is not None
        base = dus.flux.over("base", *dus.territory(row)) if counted else ""
        table.put("assiette", i, row["assiette"], base)
        for kind in (GARANTIE, AUTRE):
            held, part = row[f"droits_{kind}"], row[f"part_{kind}"]
            if held is None and not part:
                table.put(f"droits_{kind}", i, None, entree=False)
                table.put(f"part_{kind}", i, part)
                continue
            first = firsts.setdefault((row["id_reservataire"], dus.territory(row), kind), i)
            again = "" if first == i else table.cell(f"droits_{kind}", first)
            table.put(f"droits_{kind}", i, held, again if held is not None else "", entree=held is not None)
            cell, over = table.at(f"droits_{kind}", i), table.at("assiette", i)
            formula = f"IF({over}=0,0,{cell}/{over})" if held is not None else ""
            if row["etage"] == ETAT:
                formula = _state_share(dus, row, formula, kind)
            if not formula and first != i:
                formula = table.cell(f"part_{kind}", first)
            table.put(f"part_{kind}", i, part, formula, entree=not formula)


def _state_share(dus: Dus, row: Row, by_rights: str, kind: str) -> str:
    """The State's share where the parties agreed on one: agents within it, the priority public the rest.

    Empty where the agents' own share is agreed: a value.
    """
    if not dus.taux.part_etat:
        return by_rights
    if row["categorie"] == AGENTS:
        if by_rights:
            return f"MIN({dus.taux.part_etat},{by_rights})"
        stipulated = dus.quotas.dossier.convention.stipulations.part_agents is not None
        return "" if stipulated else dus.taux.part_etat
    agents = next((i for i, r in dus.of(ETAT) if r["categorie"] == AGENTS and r["part_autre"]), None)
    less = f"-{dus.table.cell(f'part_{kind}', agents)}" if agents is not None else ""
    return f"MAX(0,{dus.taux.part_etat}{less})"


def _asked(dus: Dus) -> None:
    """What each row asks of the flow, before any cap."""
    table, flux = dus.table, dus.flux
    _, relet, left = flux.valeurs
    for i, row in dus.of(TERRITOIRE, ETAT, DEPARTEMENT):
        wide = row["etage"] == DEPARTEMENT
        for kind in (GARANTIE, AUTRE):
            added = row[f"ajouts_{kind}"]
            table.put(f"ajouts_{kind}", i, added, entree=bool(added))
            rate = "" if wide else f"{table.at(f'part_{kind}', i)}*{table.at('flux', i)}+"
            table.put(f"brut_{kind}", i, gross(row, kind), rate + table.at(f"ajouts_{kind}", i))
        if not wide and row["commune"] in flux.flux_of:
            # a flow spread otherwise than by commune keeps its key: the flow of the year × the key
            own = flux.relocations_of[row["commune"]] * left
            uniform = abs(row["flux"] - own) < 1e-9
            scope = flux.at("relocations", row["commune"]) if uniform else flux.relocations
            key = 1 if uniform else row["flux"] / (relet * left) if relet * left else 0
            table.put("cle", i, key, entree=not uniform)
            table.put("flux", i, row["flux"], f"{scope}*{flux.laisse}*{table.at('cle', i)}")


def write_rest(dus: Dus, feuille: Feuille, noms: Noms) -> None:
    """Holders of the département share what remains, the same fraction in every commune; then the bailleur.

    Parameters
    ----------
    feuille : Plafonds, where what they ask and its reduction stand.
    """
    table, flux = dus.table, dus.flux
    first: dict[str, int] = {}
    for i, row in dus.of(DEPARTEMENT):
        if row["part_garantie"] or row["part_autre"]:
            first.setdefault(row["id_reservataire"], i)
    coefficient = _asked_of_rest(dus, feuille, first, noms)
    rest = f"SUM({flux.table.span('reste')})"
    for i, row in dus.of(TERRITOIRE, ETAT, DEPARTEMENT):
        rated = row["etage"] == DEPARTEMENT and row["id_reservataire"] in first
        rated = rated and row["commune"] in flux.flux_of
        if rated:
            here = flux.at("reste", row["commune"])
            share = f"IF({rest}=0,0,{here}/{rest})"
            table.put("flux", i, row["flux"], f"{flux.relocations}*{flux.laisse}*{share}")
            table.put("coef_reste", i, row["coef_reste"], coefficient)
        for kind in (GARANTIE, AUTRE):
            served = f"{table.at(f'servi_{kind}', i)}*{table.at('coef_reduction', i)}"
            value = capped(row, kind) * row["coef_reduction"]
            if rated:
                cap = f"*{table.at('coef_garantie', i)}" if kind == GARANTIE else ""
                rate = f"{table.at(f'part_{kind}', i)}*{table.at('flux', i)}{cap}*{table.at('coef_reste', i)}"
                served += f"+{rate}"
                guarantee = row["coef_garantie"] if kind == GARANTIE else 1.0
                value += row[f"part_{kind}"] * row["flux"] * guarantee * row["coef_reste"]
            table.put(f"exact_{kind}", i, value, served)
        table.put("exact", i, row["exact"], f"{table.at('exact_garantie', i)}+{table.at('exact_autre', i)}")
    _bailleur(dus)


def capped(row: Row, kind: str) -> float:
    """What a row asks for, after the caps."""
    if row["etage"] == DEPARTEMENT:
        return gross(row, kind)
    guarantee = row["coef_garantie"] if kind == GARANTIE else 1.0
    return float(gross(row, kind) * guarantee * row["coef_agents"] * row["coef_etat"])


def _asked_of_rest(dus: Dus, feuille: Feuille, first: dict[str, int], noms: Noms) -> str:
    """What the holders of the département ask; the cell of its reduction to what remains."""
    table, flux = dus.table, dus.flux
    _, relet, left = flux.valeurs
    champs = {"nom": Champ("Réservataire", largeur=44), "demande": Champ("Dû demandé", "exact")}
    block = feuille.table(champs, len(first), titre="Réservataires du département : dus sur le reste du flux")
    for k, (ident, i) in enumerate(first.items()):
        row = dus.rows[i]
        value = (row["part_garantie"] * row["coef_garantie"] + row["part_autre"]) * relet * left
        rate = (
            f"{table.cell('part_garantie', i)}*{table.cell('coef_garantie', i)}+{table.cell('part_autre', i)}"
        )
        block.put("nom", k, noms.reservataire(ident))
        block.put("demande", k, value, f"({rate})*{flux.relocations}*{flux.laisse}")
    asked = f"SUM({block.span('demande')})" if first else "0"
    factor = next((dus.rows[i]["coef_reste"] for i in first.values()), 1.0)
    fit = f"IF({asked}=0,1,MIN(1,MAX(0,SUM({flux.table.span('reste')}))/({asked})))"
    champ = Champ("Réduction au reste du flux", "exact")
    coefficient = feuille.scalar(champ, factor, fit, nom="reduction_reste")
    feuille.ligne += 1
    return coefficient


def _bailleur(dus: Dus) -> None:
    """The bailleur has what the others leave in each commune."""
    table = dus.table
    start = 0
    for i, row in enumerate(dus.rows):
        if row["etage"] == RESTE:
            others = table.span("exact", start, i - 1) if i > start else ""
            taken = f"-SUM({others})" if others else ""
            table.put("exact", i, row["exact"], f"{dus.flux.at('flux', row['commune'])}{taken}")
            start = i + 1
