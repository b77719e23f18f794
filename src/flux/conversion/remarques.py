"""What a reader must be told beside the figures: departures from the law's defaults, losses, reductions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction

import pandas as pd

from flux.conversion.arrondi import Arrondi, Plafond
from flux.conversion.cellules import ETAT_CATEGORIES
from flux.conversion.dus import Dus
from flux.conversion.exact import total
from flux.conversion.feuilles import Feuilles
from flux.conversion.tables import holders
from flux.conversion.territoires import communes_of
from flux.dossier import Dossier
from flux.loi import Regles
from flux.rendu import glossaire
from flux.rendu.nombres import date, decimal, part


def remarks(
    dossier: Dossier,
    regles: Regles,
    feuilles: Feuilles,
    dus: Dus,
    plafonds: Sequence[Plafond],
    lost: Mapping[str, Fraction],
    quota_exact: Mapping[str, Fraction],
    arrondi: Arrondi,
    entier: int,
) -> list[str]:
    """French sentences, in the order in which a préfet's officer would ask for them."""
    noms = names(dossier)
    notes = [
        *_state_floor(dossier, regles, feuilles, dus),
        *_ceilings(dossier, plafonds),
        *_derogation(dossier, regles),
        *_minimum(dossier, quota_exact, arrondi),
        *_elsewhere(dossier, dus),
    ]
    notes += [
        f"{noms[i]} perd {decimal(v, 3)} logement(s) cette année : le plafond refuse ce dû et le compte ne "
        "le garde pas (plafond_apprecie = annuel)."
        for i, v in sorted(lost.items())
        if v
    ]
    asked = total({i: v for i, v in quota_exact.items() if i != "bailleur"})
    if asked > entier:
        notes.append(
            f"Les dus et les soldes ({decimal(asked)}) dépassent le flux ({entier}) : réduits en proportion, "
            "le reste est gardé dans les comptes."
        )
    if len(dus.reductions):
        codes = _some(sorted(set(dus.reductions["territoire_code"])))
        notes.append(
            f"Des dus ont été réduits ({codes}) : chaque réduction est dans le tableau des réductions."
        )
    last = dossier.soldes.loc[dossier.soldes["id_reservataire"] != "*"]
    opened = set(last.loc[last["flux_cumule"].notna(), "id_reservataire"])
    bound = {i for p in plafonds if p.cumule and not p.parties for i in p.porteurs} - opened
    if last.empty:
        notes.append("Aucun solde de l'année précédente : les comptes s'ouvrent cette année.")
    elif bound:
        notes.append(
            "Comptes cumulés ouverts cette année, le flux cumulé n'étant pas dans les soldes : "
            f"{_some([noms[i] for i in sorted(bound)])}."
        )
    if entier == 0:
        notes.append("Le flux à partager est nul : aucun quota cette année.")
    if arrondi.egalites:
        notes.append(
            f"{len(arrondi.egalites)} égalité(s) départagée(s) à l'arrondi : voir la liste des égalités."
        )
    return notes


KINDS = {
    "cellule": "réservataire dans une commune",
    "commune": "commune",
    "epci": "EPCI",
    "groupe": "groupe de réservataires dans une commune",
    "reservataire_epci": "réservataire dans un EPCI",
}
"""Kinds of sums of `quotas.ecarts`; the bailleur's cells may pass theirs by what the ceilings refuse."""


def rounding_remarks(dossier: Dossier, ecarts: pd.DataFrame, non_prouves: Sequence[str]) -> list[str]:
    """What whole dwellings could not keep: accounts beyond one dwelling, by name, then sums, by kind."""
    noms = names(dossier)
    communes = dossier.communes.set_index("commune")["nom"].to_dict()
    notes = []
    accounts = ecarts.loc[ecarts["groupe"] == "compte"]
    if len(accounts):
        listed = [
            f"{noms.get(r, r)}{f' à {communes.get(c, c)}' if pd.notna(c) else ''} ({decimal(v)})"
            for r, c, v in zip(
                accounts["id_reservataire"], accounts["territoire_code"], accounts["exact"], strict=True
            )
        ]
        notes.append(f"Comptes à plus d'un logement de zéro en fin d'année : {_some(listed)}.")
    counts = ecarts["groupe"].value_counts()
    left = [f"{libelle} : {counts[nom]}" for nom, libelle in KINDS.items() if nom in counts]
    if left:
        notes.append(
            "Les quotas entiers et les plafonds ne laissent pas toutes les sommes à l'entier inférieur ou "
            "supérieur de leur valeur exacte ; s'en écartent, nommées au tableau des écarts : "
            f"{', '.join(left)}."
        )
    if any(nom in KINDS or nom == "compte" for nom in non_prouves):
        kinds = [KINDS.get(nom, "compte") for nom in non_prouves if nom in KINDS or nom == "compte"]
        notes.append(
            "Trop de sommes pour prouver que le nombre de ces écarts est le plus petit "
            f"({', '.join(kinds)}) : leur total l'est."
        )
    return notes


def _some(words: Sequence[str], most: int = 8) -> str:
    """A list that a sentence can carry: the tables name them all."""
    rest = len(words) - most
    return ", ".join(words[:most]) + (f" et {rest} autre{'s' if rest > 1 else ''}" if rest > 0 else "")


def names(dossier: Dossier) -> dict[str, str]:
    """The name of each holder, as people read it."""
    table = dossier.reservataires
    return dict(zip(table["id_reservataire"].astype(str), table["nom"].astype(str), strict=True))


def _state_floor(dossier: Dossier, regles: Regles, feuilles: Feuilles, dus: Dus) -> list[str]:
    """A State below its floor outside QPV, judged on the exact due; it raises no quota by itself.

    "Sauf stipulation contraire, la part du flux annuel de logements réservés par le préfet sur le patrimoine
    du bailleur situé en dehors des quartiers prioritaires de la ville ne peut être inférieure à 30 %" (CCH,
    art. R. 441-5-2, II).
    """
    convention = dossier.convention
    floor = (
        regles.part("plancher_etat_hors_qpv")
        if convention.origines.get("plancher_etat_hors_qpv") == "défaut"
        else convention.stipulations.plancher_etat_hors_qpv
    )
    state = [
        str(i)
        for i, c in zip(
            dossier.reservataires["id_reservataire"], dossier.reservataires["categorie"], strict=True
        )
        if c in ETAT_CATEGORIES
    ]
    outside = feuilles.flux_hors_qpv
    flow = total(outside)
    served = total(
        [
            cell.amount() * outside[c] / feuilles.flux[c].valeur
            for i in state
            for c, cell in dus.of(i).items()
            if feuilles.flux[c].valeur
        ]
    )
    if not flow or served >= floor * flow:
        return []
    missing = floor * flow - served
    return [
        f"L'État a {part(served / flow)} du flux hors QPV, sous le seuil de {part(floor)} : "
        f"la convention doit le stipuler ({decimal(missing)} logement(s) en jeu ; CCH, art. R. 441-5-2, II)."
    ]


def _ceilings(dossier: Dossier, plafonds: Sequence[Plafond]) -> list[str]:
    small = [p for p in plafonds if p.cumule and not p.parties]
    if not small or dossier.convention.choix.plafond_apprecie == "cumule":
        return []
    territories = sorted(
        {p.territoire_code if p.groupe == "garantie" else glossaire.format("groupe", p.groupe) for p in small}
    )
    return [
        f"Plafonds appréciés en cumul depuis l'ouverture du compte ({_some(territories)}) : un plafond "
        "annuel inférieur à un logement ne laisserait jamais rien."
    ]


def _derogation(dossier: Dossier, regles: Regles) -> list[str]:
    derogation = dossier.convention.stipulations.derogation_prefectorale
    if derogation is None:
        return []
    if derogation.fin < dossier.convention.date:
        return [f"La dérogation préfectorale a pris fin le {date(derogation.fin)} : elle ne joue plus."]
    law = regles.part("part_max_etat")
    if derogation.part <= law:
        return [
            f"La dérogation préfectorale ({part(derogation.part)}) ne passe pas le plafond de la loi "
            f"({part(law)}) : elle ne change rien."
        ]
    notes = []
    if derogation.fin < dt.date(dossier.convention.annee, 12, 31):
        notes.append(
            f"La dérogation préfectorale prend fin le {date(derogation.fin)} : le plafond de l'État "
            f"({part(derogation.part)}) est celui de la date de la convention, pour toute l'année."
        )
    if dossier.convention.stipulations.part_etat == "legale":
        notes.append(
            f"La dérogation préfectorale permet {part(derogation.part)} à l'État ; sa part reste celle de la "
            f"loi ({part(law)}) : écrire une part dans part_etat pour en user."
        )
    return notes


def _minimum(dossier: Dossier, quota_exact: Mapping[str, Fraction], arrondi: Arrondi) -> list[str]:
    """Those who are due something and do not have the least; to whom nothing is due, nothing is missing."""
    wanted = dossier.convention.choix.minimum_par_reservataire
    noms = names(dossier)
    short = [
        noms[i] for i, n in sorted(arrondi.nb.items()) if i != "bailleur" and n < wanted and quota_exact[i]
    ]
    if not short:
        return []
    return [
        f"Minimum de {wanted} logement(s) par réservataire non atteint ({_some(short)}) : nul ne reçoit "
        "plus que son quota exact arrondi à l'entier supérieur ou que ses plafonds, ni tous plus que le flux."
    ]


def _elsewhere(dossier: Dossier, dus: Dus) -> list[str]:
    """Rights outside a holder's own territory: they are in its due, not in its `nb_droits`."""
    out = []
    for ident, _, kind, code in holders(dossier):
        home = set(communes_of(dossier, kind, code))
        away = {c: cell.amount() for c, cell in dus.of(ident).items() if c not in home and cell.amount()}
        if away:
            out.append(
                f"{names(dossier)[ident]} a des droits hors de son territoire ({', '.join(sorted(away))}) : "
                f"{decimal(total(away))} logement(s) de son dû, convertis sur le flux de ces communes "
                "(CCH, art. R. 441-5-3)."
            )
    return out
