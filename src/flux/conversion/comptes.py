"""Ceilings in whole dwellings and the accounts that carry from one year to the next.

Neither the day on which a ceiling is judged nor the carry-over is in the law: `plafond_apprecie` and
`report_solde` name the parties' choice. `annuel`: what a ceiling refuses this year is lost and shown.
`cumule`: it stays in the account. Where rate × flow is below one dwelling `cumule` applies and is
said: a small commune would otherwise never receive anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from flux.conversion.arrondi import Plafond
from flux.conversion.cellules import BAILLEUR, ETAT_CATEGORIES
from flux.conversion.dus import Dus
from flux.conversion.exact import of, total
from flux.conversion.feuilles import Feuilles
from flux.conversion.groupes import Porteur
from flux.conversion.territoires import communes_of
from flux.dossier import Dossier
from flux.loi import Regles
from flux.noyau.provenance import Figure

Cle = tuple[str, str | None]
"""id_reservataire, commune (None: the whole of its territory)."""
Compte = tuple[str, str]
"""id_reservataire, commune."""


@dataclass(frozen=True)
class Ouverture:
    """What the accounts hold when the year opens.

    soldes : balance owed to the holder, signed. The other mappings count since the account opened.
    """

    soldes: dict[Cle, Fraction]
    annee_ouverture: dict[str, int]
    flux_cumule: dict[Cle, Fraction]
    nb_cumule: dict[Cle, int]
    nb_garantie_cumule: dict[Cle, int]

    def of(self, values: Mapping[Cle, Fraction] | Mapping[Cle, int], ident: str) -> Fraction:
        """Sum over the communes of one holder."""
        return total([Fraction(v) for (r, _), v in values.items() if r == ident])

    def flow_since(self, ident: str) -> Fraction:
        """Flow of the holder's territory since its account opened."""
        return self.of(self.flux_cumule, ident)


def opening(dossier: Dossier) -> Ouverture:
    """Last year's balances; under `report_solde` aucun they are dropped, plafonne bounded by `solde_max`."""
    choix = dossier.convention.choix
    rows = dossier.soldes
    rows = rows.loc[(rows["annee"] == dossier.convention.annee - 1) & (rows["id_reservataire"] != "*")]
    soldes: dict[Cle, Fraction] = {}
    flow: dict[Cle, Fraction] = {}
    nb: dict[Cle, int] = {}
    garantie: dict[Cle, int] = {}
    opened: dict[str, int] = {}
    for row in rows.to_dict("records"):
        key = (str(row["id_reservataire"]), None if pd.isna(row["commune"]) else str(row["commune"]))
        soldes[key] = soldes.get(key, Fraction(0)) + of(float(row["solde"]))
        flow[key] = flow.get(key, Fraction(0)) + _number(row["flux_cumule"])
        nb[key] = nb.get(key, 0) + int(_number(row["nb_cumule"]))
        garantie[key] = garantie.get(key, 0) + int(_number(row["nb_garantie_cumule"]))
        if pd.notna(row["annee_ouverture"]):
            opened[key[0]] = min(opened.get(key[0], 9999), int(row["annee_ouverture"]))
    if choix.report_solde == "aucun":
        soldes = dict.fromkeys(soldes, Fraction(0))
    elif choix.report_solde == "plafonne":
        for ident in {r for r, _ in soldes}:
            keys = [k for k in soldes if k[0] == ident]
            whole = total([soldes[k] for k in keys])
            if abs(whole) > choix.solde_max:
                soldes.update({k: soldes[k] * choix.solde_max / abs(whole) for k in keys})
    return Ouverture(soldes, opened, flow, nb, garantie)


def _number(value: float) -> Fraction:
    return Fraction(0) if pd.isna(value) else of(float(value))


def state_ceilings(
    dossier: Dossier,
    regles: Regles,
    feuilles: Feuilles,
    dus: Dus,
    quota_exact: Mapping[str, Fraction],
    ouverture: Ouverture,
) -> list[Plafond]:
    """The State's ceilings of the year, the narrower group first."""
    categories = dict(
        zip(dossier.reservataires["id_reservataire"], dossier.reservataires["categorie"], strict=True)
    )
    annual = dossier.convention.choix.plafond_apprecie == "annuel"
    departement = dossier.convention.bailleur.departement
    flow = feuilles.flux_total.valeur
    state = sorted(i for i, c in categories.items() if c in ETAT_CATEGORIES and i in quota_exact)
    agents = [i for i in state if categories[i] == "etat_agents"]
    out: list[Plafond] = []
    for groupe, members, figure in (
        ("etat_agents", agents, regles.figure("part_max_agents")),
        ("etat", state, dus.plafond_etat),
    ):
        if members:
            out.append(
                _ceiling(
                    groupe,
                    departement,
                    members,
                    figure,
                    flow,
                    total([quota_exact[i] for i in members]),
                    annual,
                    ouverture,
                )
            )
    return out


def _ceiling(
    groupe: str,
    code: str,
    members: Sequence[str],
    part: Figure,
    flow: Fraction,
    exact: Fraction,
    annual: bool,
    ouverture: Ouverture,
) -> Plafond:
    plafond = Plafond(groupe, code, tuple(members), part, flow, exact, False, porteurs=tuple(members))
    if annual and part.valeur * flow >= 1:
        return plafond
    since = max((ouverture.flow_since(i) for i in members), default=Fraction(0))
    return plafond.with_account(since, sum(int(ouverture.of(ouverture.nb_cumule, i)) for i in members))


def lost_to_ceilings(
    quota_exact: Mapping[str, Fraction],
    nb: Mapping[str, int],
    plafonds: Sequence[Plafond],
    perdues: Mapping[str, Fraction],
) -> dict[str, Fraction]:
    """What the year's ceilings refuse, by holder: it leaves the account (`annuel`).

    A wider ceiling refuses only what the narrower ones let through: what a ceiling in `cumule` keeps in
    the account of the State's agents, the State's own ceiling does not take from it.

    Parameters
    ----------
    perdues : what the ceilings of the guarantees took before the rounding, by holder
    """
    lost = dict(perdues)
    refused = {i: lost.get(i, Fraction(0)) for i in nb}
    for plafond in plafonds:
        if plafond.charge(nb) < plafond.nb:
            continue
        asked = {i: quota_exact[i] - refused[i] for i in plafond.membres}
        left = {i: max(Fraction(0), v - nb[i]) for i, v in asked.items()}
        over, whole = plafond.charge(asked) - plafond.nb, total(left)
        if over > 0 and whole:
            for i, v in left.items():
                taken = v * min(Fraction(1), over / whole)
                refused[i] += taken
                if not plafond.cumule:
                    lost[i] = lost.get(i, Fraction(0)) + taken
    return lost


def closing(
    dossier: Dossier,
    feuilles: Feuilles,
    targets: Mapping[tuple[Porteur, str], Fraction],
    comptes: Mapping[Compte, str],
    communes: Mapping[Compte, tuple[int, int]],
    ouverture: Ouverture,
    lost: Mapping[str, Fraction],
    report_flux: Fraction,
) -> pd.DataFrame:
    """Next year's `soldes`: one row a holder and commune, so that accounts add up by territory; `*`: F − F*.

    A pooled account is a row of its own, without commune; flow and dwellings since the opening stay by
    commune, where ceilings are judged.

    Parameters
    ----------
    targets : what the matrix was rounded from: exact dues, balances included.
    comptes : the cells whose account is pooled.
    communes : (id_reservataire, commune) -> whole dwellings, of which by guarantee.
    """
    annee = dossier.convention.annee
    homes = {
        (str(i), c): feuilles.flux[c].valeur
        for i, t, k in zip(
            *(dossier.reservataires[x] for x in ("id_reservataire", "territoire_type", "territoire_code")),
            strict=True,
        )
        for c in communes_of(dossier, str(t), str(k))
        if c in feuilles.flux
    }
    balances: dict[Cle, Fraction] = {}
    for ((r, _), c), exact in targets.items():
        key: Cle = (r, None if (r, c) in comptes else c)
        balances[key] = balances.get(key, Fraction(0)) + exact
    for (r, c), (given, _) in communes.items():
        balances[r, None if (r, c) in comptes else c] -= given
    balances = after_losses(balances, lost)
    places: set[Cle] = {*homes, *communes, *((r, c) for (r, _), c in targets), *ouverture.soldes}
    whole: set[Cle] = {(r, None) for r, _ in comptes}
    rows: list[tuple[object, ...]] = []
    for key in sorted(places | whole, key=lambda k: (k[1] is None, k)):
        ident, commune = key
        if ident == BAILLEUR:
            continue
        nb, garantie = (0, 0) if commune is None else communes.get((ident, commune), (0, 0))
        flow = Fraction(0) if commune is None else homes.get((ident, commune))
        solde, since = balances.get(key, Fraction(0)), ouverture.flux_cumule.get(key, Fraction(0))
        nb += ouverture.nb_cumule.get(key, 0)
        if commune is None and not (solde or since or nb):
            continue  # it went to the communes that it served
        rows.append(
            (
                ident,
                annee,
                commune,
                float(solde),
                ouverture.annee_ouverture.get(ident, annee),
                None if flow is None else float(flow + since),
                nb,
                garantie + ouverture.nb_garantie_cumule.get(key, 0),
            )
        )
    rows.append(("*", annee, None, float(report_flux), None, None, None, None))
    return pd.DataFrame(
        rows,
        columns=[
            "id_reservataire",
            "annee",
            "commune",
            "solde",
            "annee_ouverture",
            "flux_cumule",
            "nb_cumule",
            "nb_garantie_cumule",
        ],
    ).astype({"annee_ouverture": "Int64", "nb_cumule": "Int64", "nb_garantie_cumule": "Int64"})


def after_losses(balances: Mapping[Cle, Fraction], lost: Mapping[str, Fraction]) -> dict[Cle, Fraction]:
    """The balances less what the ceilings refused for good.

    An account beyond one dwelling loses first, the nearest to it before: the fewest stay beyond. The rest
    is taken in proportion to what each is still owed.
    """
    out = dict(balances)
    owed: dict[str, list[Cle]] = {}
    for key, balance in balances.items():
        if balance > 0:
            owed.setdefault(key[0], []).append(key)
    for r, keys in owed.items():
        left = lost.get(r, Fraction(0))
        for key in sorted(keys, key=lambda k: (out[k], k[1] or "")):
            cut = min(left, max(Fraction(0), out[key] - 1))
            out[key], left = out[key] - cut, left - cut
        whole = total([out[k] for k in keys])
        out |= {k: out[k] - left * out[k] / whole for k in keys if left and whole}
    return out
