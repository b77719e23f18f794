"""Legacy reservations as live rights: who holds what on 1 January, until when, in return for what.

Works on whole columns; a `Fraction` is made only once the rights are grouped, or where a dwelling is shared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import pandas as pd

from flux.conversion.assiette import Classement
from flux.conversion.exact import group_exact
from flux.conversion.partages import Tenu, share_dwelling
from flux.conversion.registre import AILLEURS, BASE, LIVRAISON, overlap, register
from flux.conversion.sur_reservation import excess_table, lots_excess, refuse_excess
from flux.dossier import Dossier
from flux.loi import Regles

HELD = ["id_reservataire", "commune", "groupe", "garantie", "poids", "_ligne"]


@dataclass(frozen=True)
class Droits:
    """Rights of the year, by use.

    suite : id_reservataire, commune, groupe, garantie, nb      recurring rights on dwellings of the base
    uniques : id_reservataire, commune, garantie, nb            single-use rights due in the year
    livraisons : id_reservataire, programme, commune, garantie, nb    rights of programmes first let this year
    lignes : (id_reservataire, commune, garantie) -> lines of the file that hold its recurring rights
    registre : the register (see `register`), and how each right counts: `poids`, `unique` (Fraction:
        dwellings counted this year as a recurring right, as a single-use right)
    tenus : `registre` restricted to the rights that count, a row a right × rotation group: columns `HELD`
    sur_reservations : dwellings and programmes that carried more rights than dwellings, and were reduced
    """

    suite: pd.DataFrame
    uniques: pd.DataFrame
    livraisons: pd.DataFrame
    lignes: pd.Series
    registre: pd.DataFrame
    tenus: pd.DataFrame
    sur_reservations: pd.DataFrame
    avertissements: tuple[str, ...]


def live_rights(dossier: Dossier, regles: Regles, classement: Classement, groupe: pd.Series) -> Droits:
    """Every right that acts this year.

    Parameters
    ----------
    groupe : rotation group of each dwelling, aligned on `dossier.logements`.

    Raises
    ------
    DataError
        More rights than dwellings on a dwelling or in a programme, under `sur_reservation = "erreur"`.
    """
    annee, choix = dossier.convention.annee, dossier.convention.choix
    base = dossier.logements.loc[classement.dans_assiette, ["id_logement", "programme", "commune"]]
    base = base.assign(groupe=groupe.loc[base.index])
    rights = register(dossier, regles, base)
    suite, unique = (
        (rights["type_droit"] == kind).fillna(False).astype(bool) & ~rights["stock"]
        for kind in ("suite", "unique")
    )
    is_lot, alive = rights["id_logement"].isna(), rights["jours"] > 0
    acting = suite & alive & (rights["lieu"] == BASE)

    counts = base.groupby(["programme", "commune"]).size().reset_index(name="nb")
    nb_base = {(str(p), str(c)): int(n) for p, c, n in counts.itertuples(index=False)}
    one = _on_dwellings(rights.loc[acting & ~is_lot], str(choix.logement_partage))
    lots = rights.loc[acting & is_lot]
    lots = lots.assign(poids=_over(lots["nb"] * lots["jours"], lots["jours_an"]))
    programmes = lots_excess(one, lots, nb_base)
    exces = excess_table(one, programmes, nb_base)
    if choix.sur_reservation == "erreur":
        refuse_excess(dossier, rights.loc[acting], exces)
    one, lots = (_reduced(frame, programmes, nb_base) for frame in (one, lots))

    held = pd.concat([one[HELD], _spread_lots(lots, base, nb_base)])
    rights["poids"] = _everywhere(pd.concat([one["poids"], lots["poids"]]), rights)
    rights["unique"] = _everywhere(_due_once(rights.loc[unique], annee), rights)
    return Droits(
        suite=group_exact(held, ["id_reservataire", "commune", "groupe", "garantie"], "poids", "nb"),
        uniques=group_exact(
            rights.loc[rights["unique"] != 0], ["id_reservataire", "commune", "garantie"], "unique", "nb"
        ),
        livraisons=_deliveries(rights.loc[suite & (rights["lieu"] == LIVRAISON)], annee),
        lignes=held.groupby(["id_reservataire", "commune", "garantie"])["_ligne"].agg(
            lambda x: sorted(set(map(int, x)))
        ),
        registre=rights,
        tenus=held,
        sur_reservations=exces,
        avertissements=tuple(
            [
                *_prolonged(dossier, regles, rights),
                *_not_excepted(dossier, regles, rights),
                *_without_effect(rights, alive & ~rights["stock"]),
                *_late(rights.loc[unique], annee),
                *_shared(one, exces),
            ]
        ),
    )


def _on_dwellings(one: pd.DataFrame, regle: str) -> pd.DataFrame:
    """Rights on identified dwellings: `poids`, and `demande`, the most asked of the dwelling on one day."""
    said = [one[k].astype(object).where(one[k].notna(), None).tolist() for k in ("part", "ordre")]
    days = [one["debut_jour"].tolist(), (one["debut_jour"] + one["jours"]).tolist()]
    by_dwelling: dict[str, list[tuple[int, Tenu]]] = {}
    for place, (ident, *right) in enumerate(zip(one["id_logement"].tolist(), *days, *said, strict=True)):
        by_dwelling.setdefault(ident, []).append((place, Tenu(*right)))
    poids: list[Fraction] = [Fraction(0)] * len(one)
    demande = list(poids)
    jours_an = int(one["jours_an"].iloc[0]) if len(one) else 0
    for rights in by_dwelling.values():
        partage = share_dwelling(tuple(tenu for _, tenu in rights), jours_an, regle)
        for (place, _), share in zip(rights, partage.poids, strict=True):
            poids[place], demande[place] = share, partage.demande
    return one.assign(poids=_column(poids, one), demande=_column(demande, one))


def _reduced(
    rights: pd.DataFrame,
    programmes: dict[tuple[str, str], Fraction],
    nb_base: dict[tuple[str, str], int],
) -> pd.DataFrame:
    """The rights of a programme brought back to its dwellings, in proportion."""
    factors = {key: nb_base[key] / asked for key, asked in programmes.items()}
    if not factors:
        return rights
    poids = [
        p * factors.get((g, c), Fraction(1))
        for p, g, c in zip(rights["poids"], rights["programme"], rights["commune"], strict=True)
    ]
    return rights.assign(poids=_column(poids, rights))


def _spread_lots(lots: pd.DataFrame, base: pd.DataFrame, nb_base: dict[tuple[str, str], int]) -> pd.DataFrame:
    """A lot of rights on a programme weighs alike on each of its dwellings of the base."""
    shares = base.groupby(["programme", "commune", "groupe"]).size().rename("nb_groupe").reset_index()
    spread = lots.drop(columns="groupe").reset_index(names="_right")
    spread = spread.merge(shares, on=["programme", "commune"], how="inner").set_index("_right")
    poids = [
        p * Fraction(int(n), nb_base[g, c])
        for p, n, g, c in zip(
            spread["poids"], spread["nb_groupe"], spread["programme"], spread["commune"], strict=True
        )
    ]
    return spread.assign(poids=_column(poids, spread))[HELD]


def _due_once(rights: pd.DataFrame, annee: int) -> pd.Series:
    """Single-use rights due this year: the planned year, or an even spread from start to end.

    On a dwelling that is not in the base, none is due.
    """
    span = (rights["date_fin"] - rights["date_debut"]).dt.days + 1
    days = overlap(rights["date_debut"], rights["date_fin"], annee)
    due = [
        Fraction(int(nb))
        * (Fraction(int(planned == annee)) if pd.notna(planned) else Fraction(int(o), int(s)))
        if standing
        else Fraction(0)
        for nb, planned, o, s, standing in zip(
            rights["nb"], rights["annee_prevue"], days, span, rights["commune"].notna(), strict=True
        )
    ]
    return _column(due, rights)


def _deliveries(rights: pd.DataFrame, annee: int) -> pd.DataFrame:
    """Rights of programmes delivered in the year: they act at first letting only."""
    ended = (rights["fin"] < pd.Timestamp(date(annee, 1, 1))).fillna(False).astype(bool)
    frame = rights.loc[~ended, ["id_reservataire", "programme", "commune", "garantie", "nb"]]
    frame = frame.assign(poids=_over(frame["nb"], 1)).drop(columns="nb")
    return group_exact(frame, ["id_reservataire", "programme", "commune", "garantie"], "poids", "nb")


def _everywhere(some: pd.Series, rights: pd.DataFrame) -> pd.Series:
    """The values by right, 0 where there is none."""
    out = _column([Fraction(0)] * len(rights), rights)
    out.loc[some.index] = some
    return out


def _column(values: Iterable[Fraction], like: pd.DataFrame) -> pd.Series:
    return pd.Series(list(values), index=like.index, dtype=object)


def _over(numerators: pd.Series, denominator: pd.Series | int) -> pd.Series:
    """Exact quotients."""
    below = denominator if isinstance(denominator, pd.Series) else [denominator] * len(numerators)
    quotients = [Fraction(int(a), int(b)) for a, b in zip(numerators, below, strict=True)]
    return pd.Series(quotients, index=numerators.index, dtype=object)


# ── what the reader is told ───────────────────────────────────────────────────────────────────────


def _prolonged(dossier: Dossier, regles: Regles, rights: pd.DataFrame) -> list[str]:
    nb = int((rights["date_fin"].notna() & (rights["fin"] != rights["date_fin"])).sum())
    if not nb:
        return []
    return [
        f"{nb} réservation(s) contre garantie d'un emprunt remboursé : la date de fin écrite ne "
        f"compte pas, le droit dure {regles.ans('duree_garantie_apres_remboursement')} ans après le "
        "remboursement (CCH, art. R. 441-6)."
    ]


def _not_excepted(dossier: Dossier, regles: Regles, rights: pd.DataFrame) -> list[str]:
    nb = int(((rights["mode"] == "stock") & ~rights["stock"]).sum())
    if not nb:
        return []
    return [
        f"{nb} réservation(s) écrites « en stock » que la loi n'excepte pas du flux à cette date : comptées "
        f"en flux ({regles['categories_exception_stock'].article})."
    ]


def _without_effect(rights: pd.DataFrame, acting: pd.Series) -> list[str]:
    unique = rights["type_droit"] == "unique"
    on_dwelling = rights["id_logement"].notna()
    nowhere = (rights["lieu"] == AILLEURS) & (on_dwelling | ~unique)
    gone = int((nowhere & acting).sum())
    return [f"{gone} réservation(s) sur des logements hors de l'assiette : sans effet."] if gone else []


def _late(uniques: pd.DataFrame, annee: int) -> list[str]:
    late = int(uniques.loc[(uniques["annee_prevue"] < annee).fillna(False).astype(bool), "nb"].sum())
    if not late:
        return []
    return [
        f"{late} droit(s) unique(s) prévus avant {annee} ne comptent pas cette année : s'ils n'ont pas "
        "été servis, corriger « annee_prevue » ou les porter dans les soldes."
    ]


def _shared(one: pd.DataFrame, exces: pd.DataFrame) -> list[str]:
    """Shared dwellings whose parts leave something to nobody, and what was reduced."""
    notes = []
    shared = one.loc[one["part"].notna(), ["id_logement", "demande"]].drop_duplicates("id_logement")
    if partial := sum(d < 1 for d in shared["demande"]):
        notes.append(
            f"{partial} logement(s) dont les parts écrites ne font pas 1 : ce qui manque n'est "
            "réservé à personne."
        )
    if len(exces):
        dwellings = int(exces["id_logement"].notna().sum())
        notes.append(
            f"Plus de droits que de logements sur {dwellings} logement(s) et {len(exces) - dwellings} "
            "programme(s) : droits réduits en proportion (choix sur_reservation ; tableau des "
            "sur-réservations)."
        )
    return notes
