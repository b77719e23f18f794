"""Sheet Dus: how each exact due is made, réservataire by commune, in the order of the contract.

1 and 2, holders of a territory and State: (part × flux + ajouts) × caps × reduction to the commune's flow;
3, holders of the département: the same fraction of what remains in each commune; the bailleur has the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flux.annexe.noms import Noms
from flux.annexe.xlsx.flux import Flux
from flux.annexe.xlsx.grille import Champ, Feuille, Table
from flux.rendu import glossaire

if TYPE_CHECKING:
    from flux.conversion import Quotas

Row = dict[str, Any]
TERRITOIRE, ETAT, DEPARTEMENT, RESTE = "territoire", "etat", "departement", "reste"
ETAGES = {TERRITOIRE: "1. Territoire", ETAT: "2. État", DEPARTEMENT: "3. Département", RESTE: "4. Reste"}
GARANTIE, AUTRE = "garantie", "autre"
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
}
GROUPES = {
    "nom": Champ("Garant ou commune", largeur=44),
    "groupe": Champ("Groupe", "entier"),
    "flux": Champ("Flux du territoire", "exact"),
    "demande": Champ("Dus contre garantie", "exact"),
    "coefficient": Champ("Réduction", "exact"),
}


@dataclass(frozen=True)
class Taux:
    """Cells of the rates of the law, and the value of that of the guarantees."""

    agents: str
    etat: str
    garantie: str
    part_max_garantie: float


@dataclass(frozen=True)
class Dus:
    """The sheet while it is filled in: one function below for each group of columns."""

    quotas: Quotas = field(repr=False)
    flux: Flux
    taux: Taux
    table: Table
    rows: list[Row]
    types: dict[str, tuple[str, str]]

    def of(self, *etages: str) -> Iterator[tuple[int, Row]]:
        """Rows of some stages of the computation."""
        return ((i, r) for i, r in enumerate(self.rows) if r["etage"] in etages)

    def territory(self, row: Row) -> tuple[str, str]:
        """Where the share of a row is computed: the holder's territory, or the commune alone outside it."""
        if row["etage"] != TERRITOIRE:
            return "departement", ""
        kind, code = self.types[row["id_reservataire"]]
        return (kind, code) if row["commune"] in self.flux.home(kind, code) else ("commune", row["commune"])

    def choice(self, nom: str) -> Any:
        """A choice of the parties."""
        return getattr(self.quotas.dossier.convention.choix, nom)


def write_dus(feuille: Feuille, plafonds: Feuille, quotas: Quotas, flux: Flux, taux: Taux, noms: Noms) -> Dus:
    """Fill in the sheet Dus, the columns of Flux that follow from it, and the caps of the guarantees."""
    feuille.title(
        "Dus exacts par réservataire et par commune",
        "Dû = (droits ÷ assiette × flux + ajouts) × plafonds × réductions ; 1 ne réduit rien.",
        "Les réservataires du département prennent la même fraction du reste de chaque commune.",
        "Le bailleur a ce qui reste. Cellules jaunes : données.",
    )
    frame = quotas.dus.astype(object).where(quotas.dus.notna(), None)
    rows: list[Row] = [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
    holders = quotas.dossier.reservataires
    places = zip(
        *(holders[k] for k in ("id_reservataire", "territoire_type", "territoire_code")), strict=True
    )
    types = {str(r): (str(t), str(c)) for r, t, c in places}
    order = {str(r): k for k, r in enumerate(quotas.table["id_reservataire"], start=1)}
    dus = Dus(quotas, flux, taux, feuille.table(DUS, len(rows)), rows, types)
    feuille.keep_heading(dus.table, columns=3)
    for i, row in enumerate(rows):
        dus.table.put("nom", i, noms.reservataire(row["id_reservataire"]))
        dus.table.put("commune", i, noms.commune(row["commune"]))
        dus.table.put("etage", i, ETAGES[row["etage"]])
        dus.table.put("ordre", i, order[row["id_reservataire"]])
        dus.table.put("categorie", i, glossaire.format("categorie", row["categorie"]))
    _shares(dus)
    _state_caps(dus)
    _guarantee_caps(dus, plafonds, noms)
    _reductions(dus)
    _rest(dus, plafonds, noms)
    _bailleur(dus)
    return dus


def gross(row: Row, kind: str) -> float:
    """What a row asks for before any cap; a holder of the département, only what it adds in a commune."""
    rated = row[f"part_{kind}"] * row["flux"] if row["etage"] != DEPARTEMENT else 0.0
    return float(rated + row[f"ajouts_{kind}"])


def capped(row: Row, kind: str) -> float:
    """The same after the caps."""
    if row["etage"] == DEPARTEMENT:
        return gross(row, kind)
    guarantee = row["coef_garantie"] if kind == GARANTIE else 1.0
    return float(gross(row, kind) * guarantee * row["coef_agents"] * row["coef_etat"])


def _shares(dus: Dus) -> None:
    """Rights over base, and what they ask of the flow."""
    table, flux = dus.table, dus.flux
    by_dwelling = str(dus.choice("methode")) == "parc"
    _, relet, left = flux.valeurs
    for i, row in dus.of(TERRITOIRE, ETAT, DEPARTEMENT):
        counted = by_dwelling and row["assiette"] is not None
        table.put("assiette", i, row["assiette"], flux.over("base", *dus.territory(row)) if counted else "")
        for kind in (GARANTIE, AUTRE):
            held, base = table.at(f"droits_{kind}", i), table.at("assiette", i)
            table.put(f"droits_{kind}", i, row[f"droits_{kind}"])
            table.put(f"ajouts_{kind}", i, row[f"ajouts_{kind}"])
            made = row[f"droits_{kind}"] is not None
            table.put(f"part_{kind}", i, row[f"part_{kind}"], f"IF({base}=0,0,{held}/{base})" if made else "")
            rate = (
                "" if row["etage"] == DEPARTEMENT else f"{table.at(f'part_{kind}', i)}*{table.at('flux', i)}+"
            )
            table.put(f"brut_{kind}", i, gross(row, kind), rate + table.at(f"ajouts_{kind}", i))
        if row["etage"] != DEPARTEMENT:
            # a flow spread otherwise than by commune keeps its key: the flow of the year × the key
            own = flux.relocations_of[row["commune"]] * left
            uniform = abs(row["flux"] - own) < 1e-9
            scope = flux.at("relocations", row["commune"]) if uniform else flux.relocations
            table.put("cle", i, 1 if uniform else row["flux"] / (relet * left) if relet * left else 0)
            table.put("flux", i, row["flux"], f"{scope}*{flux.laisse}*{table.at('cle', i)}")


def _state_caps(dus: Dus) -> None:
    """Agents first, then the State as a whole, at the same rate in every commune."""
    table, taux = dus.table, dus.taux
    agents = [i for i, row in dus.of(ETAT) if row["categorie"] == "etat_agents"]
    state = [i for i, _ in dus.of(ETAT)]
    for i, _ in dus.of(TERRITOIRE, ETAT):
        for key in ("coef_agents", "coef_etat"):
            table.put(key, i, 1)

    def asked(categorie: str) -> str:
        said = glossaire.format("categorie", categorie)
        sums = (
            f'SUMIF({table.span("categorie")},"{said}",{table.span(f"brut_{kind}")})'
            for kind in (GARANTIE, AUTRE)
        )
        return f"({'+'.join(sums)})"

    agents_asked = asked("etat_agents")
    if agents:
        agents_asked += f"*{table.cell('coef_agents', agents[0])}"
    for key, members, rate, total in (
        ("coef_agents", agents, taux.agents, asked("etat_agents")),
        ("coef_etat", state, taux.etat, f"({agents_asked}+{asked('etat_prioritaires')})"),
    ):
        for i in members:
            # computed on the first row, repeated on the others
            first = f"IF({total}=0,1,MIN(1,{rate}*{dus.flux.total}/{total}))"
            table.put(key, i, dus.rows[i][key], first if i == members[0] else table.cell(key, members[0]))


def _guarantee_caps(dus: Dus, feuille: Feuille, noms: Noms) -> None:
    """Dues held by guarantee: all guarantors of a commune together, or each on its own territory."""
    table, flux = dus.table, dus.flux
    apart = str(dus.choice("garantie_imbriquee")) == "separee"
    carriers = set(map(str, dus.choice("porteurs_garantie")))
    groups: dict[tuple[str, str, str], list[int]] = {}
    for i, row in dus.of(TERRITOIRE, ETAT):
        ident, commune = row["id_reservataire"], row["commune"]
        kind, code = dus.types[ident] if apart else ("commune", commune)
        if gross(row, GARANTIE) and row["categorie"] in carriers and commune in flux.home(kind, code):
            groups.setdefault((ident if apart else commune, kind, code), []).append(i)
        else:
            table.put("coef_garantie", i, 1)
    block = feuille.table(GROUPES, len(groups), titre="Garanties d'emprunt : plafond sur les dus exacts")
    for g, ((name, kind, code), members) in enumerate(groups.items()):
        value = sum(flux.flux_of[c] for c in flux.home(kind, code))
        block.put("groupe", g, g + 1)
        block.put("nom", g, noms.reservataire(name) if apart else noms.commune(name))
        block.put("flux", g, value, flux.over("flux", kind, code))
        asked = sum(gross(dus.rows[i], GARANTIE) for i in members)
        sums = f"SUMIF({table.span('groupe')},{block.at('groupe', g)},{table.span('brut_garantie')})"
        block.put("demande", g, asked, sums)
        wanted, flow = block.at("demande", g), block.at("flux", g)
        fit = f"IF({wanted}=0,1,MIN(1,{dus.taux.garantie}*{flow}/{wanted}))"
        block.put("coefficient", g, min(1.0, dus.taux.part_max_garantie * value / asked), fit)
        for i in members:
            table.put("groupe", i, g + 1)
            table.put("coef_garantie", i, dus.rows[i]["coef_garantie"], block.cell("coefficient", g))
    for i, row in dus.of(DEPARTEMENT):
        part = table.at("part_garantie", i)
        cap = f"{dus.taux.garantie}*{flux.total}/({part}*{flux.relocations}*{flux.laisse})"
        concerned = row["categorie"] in carriers and row["part_garantie"]
        table.put(
            "coef_garantie", i, row["coef_garantie"], f"IF({part}=0,1,MIN(1,{cap}))" if concerned else ""
        )


def _reductions(dus: Dus) -> None:
    """What passes a commune's flow is reduced; what remains goes to the département and the bailleur."""
    table, flux = dus.table, dus.flux
    state_kept = str(dus.choice("depassement")) == "etat_garanti"
    blocks: dict[str, list[int]] = {c: [] for c in flux.codes}
    for i, row in enumerate(dus.rows):
        blocks[row["commune"]].append(i)
    for i, row in dus.of(TERRITOIRE, ETAT, DEPARTEMENT):
        for kind in (GARANTIE, AUTRE):
            caps = (
                ""
                if row["etage"] == DEPARTEMENT
                else f"*{table.at('coef_agents', i)}*{table.at('coef_etat', i)}"
            )
            if kind == GARANTIE and caps:
                caps += f"*{table.at('coef_garantie', i)}"
            table.put(f"servi_{kind}", i, capped(row, kind), table.at(f"brut_{kind}", i) + caps)
    for k, commune in enumerate(flux.codes):
        members = blocks[commune]
        first, last = members[0], members[-1]
        spans = [table.span(f"servi_{kind}", first, last) for kind in (GARANTIE, AUTRE)]
        etages = table.span("etage", first, last)
        asked, state = flux.table.at("demande", k), flux.table.at("etat", k)
        rows = [dus.rows[i] for i in members]
        value = sum(capped(r, kind) for r in rows if r["etage"] != RESTE for kind in (GARANTIE, AUTRE))
        of_state = sum(capped(r, kind) for r in rows if r["etage"] == ETAT for kind in (GARANTIE, AUTRE))
        flux.table.put("demande", k, value, f"SUM({','.join(spans)})")
        flux.table.put("etat", k, of_state, "+".join(f'SUMIF({etages},"{ETAGES[ETAT]}",{s})' for s in spans))
        kept, kept_value = (state, of_state) if state_kept else ("0", 0.0)
        reducible, flow = f"ROUND({asked}-{kept},12)", flux.table.at("flux", k)
        fit = f"IF({reducible}=0,1,MIN(1,MAX(0,{flow}-{kept})/{reducible}))"
        asked_value = round(value - kept_value, 12)
        factor = min(1.0, max(0.0, flux.flux_of[commune] - kept_value) / asked_value) if asked_value else 1.0
        flux.table.put("coefficient", k, factor, fit)
        served = kept_value + (value - kept_value) * factor
        flux.table.put("servi", k, served, f"{kept}+({asked}-{kept})*{flux.table.at('coefficient', k)}")
        flux.table.put("reste", k, flux.flux_of[commune] - served, f"{flow}-{flux.table.at('servi', k)}")
        for i in members:
            row = dus.rows[i]
            if row["etage"] != RESTE:
                spared = state_kept and row["etage"] == ETAT
                cell = "" if spared else flux.table.cell("coefficient", k)
                table.put("coef_reduction", i, 1 if spared else row["coef_reduction"], cell)


def _rest(dus: Dus, feuille: Feuille, noms: Noms) -> None:
    """Holders of the département share what remains, the same fraction in every commune."""
    table, flux = dus.table, dus.flux
    rest = f"SUM({flux.table.span('reste')})"
    first: dict[str, int] = {}
    for i, row in dus.of(DEPARTEMENT):
        if row["part_garantie"] or row["part_autre"]:
            first.setdefault(row["id_reservataire"], i)
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
    fit = f"IF({asked}=0,1,MIN(1,MAX(0,{rest})/({asked})))"
    coefficient = feuille.scalar(Champ("Réduction au reste du flux", "exact"), factor, fit)
    feuille.ligne += 1
    for i, row in dus.of(TERRITOIRE, ETAT, DEPARTEMENT):
        rated = row["etage"] == DEPARTEMENT and row["id_reservataire"] in first
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
