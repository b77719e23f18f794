"""Columns of the sheet Dus that cut what is asked: caps of the law on exact dues, then the commune's flow."""

from __future__ import annotations

from flux.annexe.xlsx.dus import (
    AGENTS,
    AUTRE,
    DEPARTEMENT,
    ETAGES,
    ETAT,
    GARANTIE,
    RESTE,
    TERRITOIRE,
    Dus,
    capped,
    gross,
)
from flux.annexe.xlsx.grille import Champ, Feuille
from flux.dossier.appellations import Noms
from flux.rendu import glossaire

GROUPES = {
    "nom": Champ("Garant ou commune", largeur=44),
    "groupe": Champ("Groupe", "entier"),
    "flux": Champ("Flux du territoire", "exact"),
    "demande": Champ("Dus contre garantie", "exact"),
    "coefficient": Champ("Réduction", "exact"),
}


def write_cuts(dus: Dus, feuille: Feuille, noms: Noms) -> None:
    """Caps of the State, of the guarantees (on the sheet Plafonds), then what a commune's flow can hold."""
    _state_caps(dus)
    _guarantee_caps(dus, feuille, noms)
    _served(dus)
    _reductions(dus)


def _state_caps(dus: Dus) -> None:
    """Agents first, then the State as a whole, at the same rate in every commune."""
    table, taux = dus.table, dus.taux
    agents = [i for i, row in dus.of(ETAT) if row["categorie"] == AGENTS]
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

    agents_asked = asked(AGENTS)
    if agents:
        agents_asked += f"*{table.cell('coef_agents', agents[0])}"
    for key, members, rate, total in (
        ("coef_agents", agents, taux.agents, asked(AGENTS)),
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


def _served(dus: Dus) -> None:
    """What each row asks for, after the caps."""
    table = dus.table
    for i, row in dus.of(TERRITOIRE, ETAT, DEPARTEMENT):
        wide = row["etage"] == DEPARTEMENT
        for kind in (GARANTIE, AUTRE):
            caps = "" if wide else f"*{table.at('coef_agents', i)}*{table.at('coef_etat', i)}"
            if kind == GARANTIE and not wide:
                caps += f"*{table.at('coef_garantie', i)}"
            table.put(f"servi_{kind}", i, capped(row, kind), table.at(f"brut_{kind}", i) + caps)


def _reductions(dus: Dus) -> None:
    """What passes a commune's flow is reduced; what remains goes to the département and the bailleur.

    Where the parties keep the State whole, it gives way last, to the flow itself.
    """
    table, flux = dus.table, dus.flux
    state_kept = str(dus.choice("depassement")) == "etat_garanti"
    blocks: dict[str, list[int]] = {}
    for i, row in enumerate(dus.rows):
        blocks.setdefault(row["commune"], []).append(i)
        if row["etage"] != RESTE and row["commune"] not in flux.flux_of:  # nothing is due where nothing flows
            table.put("coef_reduction", i, row["coef_reduction"])
    for k, commune in enumerate(flux.codes):
        members = blocks[commune]
        first, last = members[0], members[-1]
        spans = [table.span(f"servi_{kind}", first, last) for kind in (GARANTIE, AUTRE)]
        etages = table.span("etage", first, last)
        asked, state, flow = (flux.table.at(key, k) for key in ("demande", "etat", "flux"))
        rows = [dus.rows[i] for i in members]
        value = sum(capped(r, kind) for r in rows if r["etage"] != RESTE for kind in (GARANTIE, AUTRE))
        of_state = sum(capped(r, kind) for r in rows if r["etage"] == ETAT for kind in (GARANTIE, AUTRE))
        flux.table.put("demande", k, value, f"SUM({','.join(spans)})")
        flux.table.put("etat", k, of_state, "+".join(f'SUMIF({etages},"{ETAGES[ETAT]}",{s})' for s in spans))
        available = flux.flux_of[commune]
        kept, kept_value, first_value = ("0", 0.0, 0.0)
        apart = "0"
        if state_kept:
            kept, apart = f"MIN({state},{flow})", state
            kept_value, first_value = min(of_state, available), of_state
        reducible = f"ROUND({asked}-{apart},12)"
        asked_value = round(value - first_value, 12)
        fit = f"IF({reducible}=0,1,MIN(1,MAX(0,{flow}-{kept})/{reducible}))"
        factor = min(1.0, max(0.0, available - kept_value) / asked_value) if asked_value else 1.0
        flux.table.put("coefficient", k, factor, fit)
        served = kept_value + (value - first_value) * factor
        flux.table.put("servi", k, served, f"{kept}+({asked}-{apart})*{flux.table.at('coefficient', k)}")
        flux.table.put("reste", k, available - served, f"{flow}-{flux.table.at('servi', k)}")
        state_cells = flux.table.cell("etat", k), flux.table.cell("flux", k)
        for i in members:
            row = dus.rows[i]
            if row["etage"] != RESTE:
                cell = flux.table.cell("coefficient", k)
                if state_kept and row["etage"] == ETAT:
                    cell = f"IF({state_cells[0]}=0,1,MIN(1,{state_cells[1]}/{state_cells[0]}))"
                table.put("coef_reduction", i, row["coef_reduction"], cell)
