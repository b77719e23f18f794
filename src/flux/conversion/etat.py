"""The dues of the State: its share of the flow of every commune, agents and priority apart."""

from __future__ import annotations

from fractions import Fraction

from flux.conversion.cellules import ETAT, Ledger, rated, share
from flux.conversion.droits import Droits
from flux.conversion.methodes import Poids
from flux.conversion.operations import add, constant, multiply, ratio, subtract
from flux.conversion.parts import held, whole
from flux.dossier import Dossier
from flux.loi import Regles
from flux.noyau.provenance import Figure


def state_dues(
    ledger: Ledger,
    dossier: Dossier,
    regles: Regles,
    poids: Poids,
    droits: Droits,
    flow: dict[str, Figure],
    state: list[str],
) -> None:
    """Enter the State's dues.

    "Sauf stipulation contraire, la part du flux annuel de logements réservés par le préfet s'applique
    uniformément dans chacune des communes où l'organisme bailleur dispose de logements locatifs sociaux"
    (CCH, art. R. 441-5-2, II). Its share is the register's, the law's, or the one stipulated.

    Parameters
    ----------
    flow : commune -> flow on which rates apply.
    state : holders of the State.
    """
    stipulations, feuilles = dossier.convention.stipulations, ledger.feuilles
    categories = dossier.reservataires.set_index("id_reservataire")["categorie"]
    communes = feuilles.communes
    parts = {
        i: share(
            held(ledger.feuilles, poids, droits, i, communes),
            whole(feuilles, poids, communes),
            nom=f"part de {ledger.noms.de(i)} au registre",
            choix=ledger.methode,
        )
        for i in state
    }
    agents = next((i for i in state if categories[i] == "etat_agents"), None)
    priority = next((i for i in state if categories[i] == "etat_prioritaires"), None)
    if agents and stipulations.part_agents is not None:
        parts[agents] = constant(
            stipulations.part_agents, "part des agents de l'État stipulée", unite="part du flux"
        )
    asked = stipulations.part_etat
    if asked != "registre":
        whole_state = (
            constant(asked, "part de l'État stipulée, agents compris", unite="part du flux")
            if isinstance(asked, Fraction)
            else regles.figure("part_max_etat")
        )
        if agents and parts[agents].valeur > whole_state.valeur:
            parts[agents] = whole_state
        if priority:
            parts[priority] = (
                subtract(whole_state, parts[agents], nom="part de l'État, agents déduits")
                if agents
                else whole_state
            )
    whole_flow = add(*flow.values(), nom="flux annuel") if flow else constant(0, "flux annuel")
    for ident in (i for i in state if parts[i].valeur):
        weights = (
            None if stipulations.etat_uniforme_par_commune else _by_rights(ledger, poids, droits, flow, ident)
        )
        for c in communes:
            base = (
                flow[c]
                if weights is None
                else multiply(
                    weights[c],
                    whole_flow,
                    nom=f"flux réparti selon les droits de l'État ({ledger.noms.a(c)})",
                )
            )
            rated(ledger, ident, c, ETAT, False, parts[ident], base)


def _by_rights(
    ledger: Ledger, poids: Poids, droits: Droits, flow: dict[str, Figure], ident: str
) -> dict[str, Figure] | None:
    """Weights of communes when the State is stipulated not to be uniform: its own rights × their flow."""
    raw = {
        c: multiply(
            share(
                held(ledger.feuilles, poids, droits, ident, [c]),
                whole(ledger.feuilles, poids, [c]),
                nom=f"part de {ledger.noms.de(ident)} dans l'assiette de {ledger.noms.a(c)}",
            ),
            f,
            nom=f"droits de l'État rapportés au flux de {ledger.noms.a(c)}",
        )
        for c, f in flow.items()
    }
    if not any(f.valeur for f in raw.values()):
        return None
    every = add(*raw.values(), nom="droits de l'État rapportés au flux, ensemble")
    return {c: ratio(f, every, nom=f"poids de {ledger.noms.a(c)}", unite="part") for c, f in raw.items()}
