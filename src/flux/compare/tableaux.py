"""Quotas and objectives side by side, and the sentences that say who gains and who loses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from flux.allocation import Plan
from flux.conversion import Quotas
from flux.rendu import glossaire
from flux.rendu.nombres import decimal, entier

BAILLEUR = "bailleur"
MOST = 8  # names that a sentence can carry
TOLERANCE = 5e-7  # half of the last decimal that a plan promises


def quotas_side_by_side(quotas: Mapping[str, Quotas]) -> pd.DataFrame:
    """One row a réservataire, the bailleur last: whole and exact quotas, and what they gain on the first."""
    frames = {n: q.table.set_index("id_reservataire")[["quota", "quota_exact"]] for n, q in quotas.items()}
    table = _joined(frames, {"quota": "quota", "quota_exact": "exact"}, ecarts="quota")
    table = table.rename_axis("id_reservataire").reset_index()
    table.insert(1, "nom", table["id_reservataire"].map(_names(quotas)))
    last = table["id_reservataire"] == BAILLEUR
    return pd.concat([table.loc[~last], table.loc[last]], ignore_index=True)


def communes_side_by_side(quotas: Mapping[str, Quotas]) -> pd.DataFrame:
    """The same, commune by commune."""
    keys = ["commune", "id_reservataire"]
    frames = {n: q.communes.set_index(keys)[["nb", "exact"]] for n, q in quotas.items()}
    table = _joined(frames, {"nb": "nb", "exact": "exact"}, ecarts="nb").rename_axis(keys)
    return _named(table.sort_index().reset_index(), quotas)


def orientations_side_by_side(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """What the plans orient, by commune and réservataire: whole and exact dwellings, gaps on the first."""
    keys = ["commune", "id_reservataire"]
    if not plans:
        return pd.DataFrame(columns=[*keys[:1], "commune_nom", *keys[1:], "nom"])
    frames = {n: p.table.groupby(keys)[["nb", "nb_exact"]].sum() for n, p in plans.items()}
    table = _joined(frames, {"nb": "nb", "nb_exact": "exact"}, ecarts="nb").rename_axis(keys)
    return _named(table.sort_index().reset_index(), {n: p.quotas for n, p in plans.items()})


def _named(table: pd.DataFrame, quotas: Mapping[str, Quotas]) -> pd.DataFrame:
    """The same with the names of the communes and of the réservataires beside their codes."""
    towns: dict[str, str] = {}
    for q in quotas.values():
        towns |= dict(zip(q.dossier.communes["commune"], q.dossier.communes["nom"], strict=True))
    table.insert(1, "commune_nom", table["commune"].map(towns).fillna(table["commune"]))
    table.insert(3, "nom", table["id_reservataire"].map(_names(quotas)))
    return table


def objectives_side_by_side(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """One row an objective measured by one of the plans: threshold, what is reached, what is missing."""
    keys = ["objectif", "porteur", "territoire_code", "niveau"]
    if not plans:
        return pd.DataFrame(columns=keys)
    frames = {
        n: p.objectifs.dropna(subset=["seuil"])
        .groupby(keys, dropna=False)[["seuil", "atteint", "manque"]]
        .sum()
        for n, p in plans.items()
    }
    columns = {f"{c}_{n}": frame[c] for c in ("seuil", "atteint", "manque") for n, frame in frames.items()}
    return pd.DataFrame(columns).rename_axis(keys).reset_index()


def sentences(
    quotas: Mapping[str, Quotas], table: pd.DataFrame, communes: pd.DataFrame, plans: Mapping[str, Plan]
) -> tuple[str, ...]:
    """Who gains and who loses against the first scenario, for the whole and by commune; objectives missed."""
    first, *others = quotas
    said: list[str] = []
    for name in others:
        head = f"De « {first} » à « {name} »"
        moves = list(_moves(table, name))
        gains, losses = [m for m in moves if m[1] > 0], [m for m in moves if m[1] < 0]
        if gains:
            said.append(f"{head}, gagnent : {_some(gains)}.")
        if losses:
            said.append(f"{head}, perdent : {_some(losses)}.")
        if not moves:
            said.append(f"{head}, aucun quota entier ne change{_largest(table, name)}.")
        said += _by_commune(communes, name, head)
    for name, plan in plans.items():
        measured = plan.objectifs.dropna(subset=["seuil"])
        missed = measured.loc[measured["manque"] > TOLERANCE]
        said.append(
            f"« {name} » : {len(measured) - len(missed)} objectifs atteints sur {len(measured)}"
            + (
                f" ; il manque {decimal(missed['manque'].sum())} logements aux autres."
                if len(missed)
                else "."
            )
        )
    return (*said, *_plans_moved(plans))


def _plans_moved(plans: Mapping[str, Plan]) -> Iterator[str]:
    """What the other plans orient otherwise than the first, and the objectives that gain or lose by it."""
    if not plans:
        return
    first, *others = plans
    moved, reached = orientations_side_by_side(plans), objectives_side_by_side(plans)
    for name in others:
        head = f"De « {first} » à « {name} »"
        nb = int(moved[f"ecart_{name}"].clip(lower=0).sum())
        many = nb > 1
        yield (
            f"{head}, {entier(nb)} logement{'s' * many} du plan change{'nt' * many} de commune "
            "ou de réservataire."
        )
        gap = reached[f"manque_{name}"].fillna(0) - reached[f"manque_{first}"].fillna(0)
        by = gap.groupby(reached["objectif"], sort=True).sum()
        for word, some in (("mieux", by[by < -TOLERANCE]), ("moins bien", by[by > TOLERANCE])):
            told = [
                f"{glossaire.format('objectif', o)} ({decimal(abs(v))} logement en "
                f"{'moins' if v < 0 else 'plus'} à trouver)"
                for o, v in some.items()
            ]
            if told:
                yield f"{head}, {word} atteints : {', '.join(told)}."


def _joined(frames: Mapping[str, pd.DataFrame], columns: Mapping[str, str], *, ecarts: str) -> pd.DataFrame:
    """Columns <prefix>_<scenario> of every frame, absent rows as 0, then the gaps against the first."""
    rows = next(iter(frames.values())).index
    for frame in frames.values():
        rows = rows.append(frame.index.difference(rows, sort=False))
    first, *others = frames
    out = pd.DataFrame(index=rows)
    for column, prefix in columns.items():
        for name, frame in frames.items():
            out[f"{prefix}_{name}"] = frame[column].reindex(rows, fill_value=0)
    for column, prefix in columns.items():
        for name in others:
            gap = "ecart" if column == ecarts else "ecart_exact"
            out[f"{gap}_{name}"] = out[f"{prefix}_{name}"] - out[f"{prefix}_{first}"]
    return out


def _names(quotas: Mapping[str, Quotas]) -> dict[str, str]:
    names: dict[str, str] = {}
    for q in quotas.values():
        table = q.dossier.reservataires
        names |= dict(zip(table["id_reservataire"], table["nom"], strict=True))
        names[BAILLEUR] = f"{q.dossier.convention.bailleur.nom} (non réservé)"
    return names


def _moves(table: pd.DataFrame, name: str) -> Iterator[tuple[str, int]]:
    """Who gains or loses whole dwellings, the largest move first."""
    moved = table.loc[table[f"ecart_{name}"] != 0, ["nom", f"ecart_{name}"]]
    order = moved[f"ecart_{name}"].abs().sort_values(ascending=False, kind="stable").index
    yield from ((str(nom), int(ecart)) for nom, ecart in moved.loc[order].itertuples(index=False))


def _largest(table: pd.DataFrame, name: str) -> str:
    exact = table[f"ecart_exact_{name}"].tolist()
    place = max(range(len(exact)), key=lambda i: abs(exact[i]))
    if abs(exact[place]) < TOLERANCE:
        return ""
    return f" (au plus {decimal(exact[place], 3)} logement, pour {table['nom'].iloc[place]})"


def _by_commune(communes: pd.DataFrame, name: str, head: str) -> list[str]:
    """How many communes change, and the one that changes most."""
    gap = communes[f"ecart_{name}"]
    moved = gap.abs().groupby(communes["commune"]).sum()
    changed = moved.loc[moved > 0]
    if changed.empty:
        return []
    most = communes.loc[communes["commune"] == changed.idxmax()]
    return [
        f"{head}, {len(changed)} communes sur {len(moved)} changent ; la plus touchée est "
        f"{most['commune_nom'].iloc[0]} : {_some(list(_moves(most, name)))}."
    ]


def _some(moves: list[tuple[str, int]]) -> str:
    shown = [f"{nom} ({'+' if nb > 0 else '−'}{entier(abs(nb))})" for nom, nb in moves[:MOST]]
    rest = len(moves) - MOST
    return ", ".join(shown) + (f" et {rest} autre{'s' if rest > 1 else ''}" if rest > 0 else "")
