"""Sheet Plafonds: the caps in whole dwellings, and what guarantees above a cap keep out of the rounding."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from flux.annexe.xlsx.dus import Dus
from flux.annexe.xlsx.grille import Champ, Feuille, Table
from flux.dossier.appellations import Noms
from flux.rendu import glossaire

if TYPE_CHECKING:
    from flux.conversion.arrondi import Plafond

PLAFONDS = {
    "groupe": Champ("Groupe", largeur=44),
    "numero": Champ("Numéro", "entier"),
    "territoire": Champ("Territoire", largeur=30),
    "taux": Champ("Part maximale", "taux"),
    "flux": Champ("Flux de l'année", "exact"),
    "depuis": Champ("Flux depuis l'ouverture", "exact", entree=True),
    "ouverture": Champ("Déjà servis depuis l'ouverture", "entier", entree=True),
    "limite": Champ("Plafond en logements", "entier"),
    "dus": Champ("Dus contre garantie", "exact"),
    "avant": Champ("Parties entières comptées", "entier"),
    "exact": Champ("Quotas exacts comptés", "exact"),
    "apres": Champ("Après coupe", "entier"),
    "quota": Champ("Quotas comptés", "entier"),
    "mode": Champ("Contrôle : année ou ouverture", "entier"),
}
ARGUMENTS = 200  # a spreadsheet takes 255 arguments in a sum


def levels(plafonds: list[Plafond]) -> list[int]:
    """Level of each cap: one more than that of any earlier cap that shares a réservataire with it."""
    out: list[int] = []
    for k, cap in enumerate(plafonds):
        shared = [out[j] for j in range(k) if set(plafonds[j].membres) & set(cap.membres)]
        out.append(1 + max(shared, default=-1))
    return out


def write_caps(
    feuille: Feuille, table: Table, dus: Dus, caps: list[Plafond], ranks: list[int], noms: Noms
) -> Table:
    """The caps in whole dwellings, and the rights that those of the guarantees do not count."""
    rates = {"etat_agents": dus.taux.agents, "etat": dus.taux.etat}
    _tolerated(table, dus, caps)
    block = feuille.table(PLAFONDS, len(caps), titre="Plafonds en logements entiers")
    block.name("plafonds", "limite", "Plafonds, colonne « Plafond en logements »")
    for k, cap in enumerate(caps):
        communes = dus.flux.codes if cap.groupe in rates else cap.communes
        parts = [caps.index(p) for p in cap.parties]
        now = sum(dus.flux.flux_of[c] for c in communes)
        block.put("numero", k, k + 1)
        block.put("groupe", k, glossaire.format("groupe", cap.groupe))
        block.put("territoire", k, noms.territoire(cap.territoire_code))
        block.put("taux", k, cap.taux, rates.get(cap.groupe, dus.taux.garantie))
        block.put("flux", k, now, dus.flux.sum("flux", communes))
        account = cap.cumule and not parts
        since = round(max(0.0, float(cap.flux) - now), 12)
        block.put("depuis", k, since if account else None, entree=account)
        block.put("ouverture", k, cap.nb_ouverture if account else None, entree=account)
        flow = f"({block.at('flux', k)}+{block.at('depuis', k)})"
        limit = f"MAX(0,INT(ROUND({block.at('taux', k)}*{flow},9))-{block.at('ouverture', k)})"
        if parts:  # holders of several communes: the sum of the whole ceilings there
            limit = "+".join(block.at("limite", p) for p in parts)
        block.put("limite", k, cap.nb, limit)
        if not parts:
            _mode(block, k, cap, dus)
    return block


def _tolerated(table: Table, dus: Dus, caps: list[Plafond]) -> None:
    """What each réservataire holds beside the guarantees that its caps look at, in whole dwellings."""
    looked = {i: cap for cap in caps for i in cap.tolere}
    alone = str(dus.choice("garantie_imbriquee")) == "separee"
    for i, ident in enumerate(dus.quotas.table["id_reservataire"]):
        if ident not in looked:
            table.put("tolere", i, 0)
            continue
        others = f"SUMIF({dus.table.span('ordre')},{table.at('ordre', i)},{dus.table.span('exact_autre')})"
        outside = [
            dus.table.cell("exact_garantie", place)
            for (r, c), place in dus.places.items()
            if alone and r == ident and c not in looked[ident].communes
        ]
        others = "+".join([others, *_sums(outside)])
        table.put("tolere", i, looked[ident].tolere[ident], f"-INT(-ROUND({others},9))")


def _mode(block: Table, k: int, cap: Plafond, dus: Dus) -> None:
    """Below one dwelling a year a cap is judged since its account opened: a flow that crosses it is told.

    What the account holds is only known where the cap was so judged when the annex was made.
    """
    opening = dus.quotas.preuve.ouverture
    known = any(opening.flux_cumule.values()) or any(opening.nb_cumule.values())
    if str(dus.choice("plafond_apprecie")) != "annuel" or not known:
        return
    judged = block.at("flux", k)
    if cap.groupe == "garantie" and len(cap.communes) > 1 and len(cap.porteurs) > 1:
        # a pool of communes is judged as its smallest
        judged = f"MIN({','.join(dus.flux.at('flux', c) for c in cap.communes)})"
    within = f"ROUND({block.at('taux', k)}*{judged},9)>=1"
    block.put("mode", k, 0, f"IF({within},{int(cap.cumule)},{int(not cap.cumule)})")


def write_kept_out(dus: Dus, table: Table, block: Table, caps: list[Plafond]) -> None:
    """Guarantees above a cap stay out of the rounding of whoever holds other rights, or several communes.

    The narrowest of the caps of a commune decides; a sum of caps decides nothing.
    """
    cells, held = dus.quotas.preuve.dus.cellules, dus.quotas.preuve.garanties.plafonnees
    amounts = {cell: cells[cell].amount(garantie=True) for cell in sorted(held)}
    order = {str(r): i for i, r in enumerate(dus.quotas.table["id_reservataire"])}
    looking: dict[tuple[str, str], list[int]] = {cell: [] for cell in amounts}
    for k, cap in enumerate(caps):
        inside = [
            (r, c)
            for r, c in amounts
            if cap.groupe == "garantie" and not cap.parties and c in cap.communes and r in cap.porteurs
        ]
        if inside:
            sums = _sums(dus.table.cell("exact_garantie", dus.places[cell]) for cell in inside)
            block.put("dus", k, cap.exact, "+".join(sums))
        for cell in inside:
            looking[cell].append(k)
    # the place where a commune's guarantees are bound: the widest of the caps that look at it
    places: dict[str, set[int]] = {}
    for (ident, _), bounds in looking.items():
        places.setdefault(ident, set()).add(max(bounds, key=lambda k: (len(caps[k].communes), k)))
    tolerated = {i: n for cap in caps for i, n in cap.tolere.items()}
    for (ident, commune), bounds in looking.items():
        i = dus.places[ident, commune]
        several = len(places[ident]) > 1
        ratio = min(Fraction(caps[k].nb) / caps[k].exact for k in bounds)
        bound = several or tolerated.get(ident, 0) > 0
        over = amounts[ident, commune] * max(Fraction(0), 1 - ratio) if bound else Fraction(0)
        ratios = (
            f"IF({block.cell('dus', k)}=0,1,{block.cell('limite', k)}/{block.cell('dus', k)})" for k in bounds
        )
        formula = f"{dus.table.at('exact_garantie', i)}*MAX(0,1-MIN({','.join(ratios)}))"
        if not several:
            formula += f"*({table.cell('tolere', order[ident])}>0)"
        dus.table.put("retenu", i, over, formula)


def _sums(cells: Iterable[str]) -> list[str]:
    """Sums of any number of cells, to add up."""
    every = list(cells)
    return [f"SUM({','.join(every[start : start + ARGUMENTS])})" for start in range(0, len(every), ARGUMENTS)]
