"""What moves rights and the base from one 1 January to the next, and in which lines it is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from flux.conversion.assiette import ASSIETTE
from flux.conversion.cellules import BAILLEUR
from flux.conversion.exact import total
from flux.conversion.flux import delivered
from flux.conversion.quotas import Quotas
from flux.conversion.registre import repaid_guarantees
from flux.conversion.tables import holders
from flux.conversion.territoires import communes_of, source_of
from flux.dossier import Dossier
from flux.noyau.provenance import line_ranges
from flux.noyau.tables import TEXTE
from flux.rendu.nombres import ABSENT, absent, part

#: In the order in which the causes are applied (see `causes`); `partage` is what an end leaves to the others.
NATURES = (
    *("loi", "derogation", "echeance", "remboursement", "partage", "vente", "demolition", "sortie"),
    *("livraison", "debut", "droit_unique"),
)
COLUMNS = [
    *("annee", "nature", "id_reservataire", "commune", "programme", "date", "nb", "effet_droits"),
    *("effet_assiette", "detail", "fichier", "lignes"),
]
KEYS = ["nature", "id_reservataire", "commune", "programme", "date"]


def events(quotas: Sequence[Quotas]) -> pd.DataFrame:
    """`projection.evenements`: what changes rights, base, law or ceiling between two years, a row each.

    Returns
    -------
    `annee` : the first year that feels it; `nature` ∈ `NATURES`; `id_reservataire` : absent for the base and
    the law. `nb` : rights or dwellings concerned. `effet_droits` : what it adds to the holder's recurring
    rights of 1 January, in dwellings: over a year and a holder, the sum is what they move by, exactly.
    `effet_assiette` : what it adds to the base, likewise. `detail` : what the law or a derogation becomes, in
    French. `fichier`, `lignes` : where it is written.
    """
    rows = [_single_use(quotas[0])]
    for before, after in pairwise(quotas):
        moves = _base_moves(before, after)
        rows += [_law(before, after), _rights(before, after, moves), _base(after, moves), _single_use(after)]
    table = pd.concat([frame for frame in rows if len(frame)] or rows[:1], ignore_index=True)
    order = {nature: n for n, nature in enumerate(NATURES)}
    table = table.assign(rang=table["nature"].map(order)).sort_values(
        ["annee", "rang", "date", "id_reservataire", "programme", "commune"], na_position="first"
    )
    return table[COLUMNS].reset_index(drop=True)


def concerning(quotas: Quotas, evenements: pd.DataFrame, idents: Collection[str]) -> pd.DataFrame:
    """The events that move the share of some holders: their rights, the base of their territory, the law.

    What a right gains or loses comes from the bailleur's part; single-use rights served first come from
    everyone's.
    """
    dossier = quotas.dossier
    home = {
        c for i, _, kind, code in holders(dossier) if i in idents for c in communes_of(dossier, kind, code)
    }
    common = evenements["commune"].isin(home) | evenements["commune"].isna()
    mine = evenements["id_reservataire"].isin(list(idents)) | (evenements["id_reservataire"].isna() & common)
    if dossier.convention.choix.droits_uniques == "reserves_d_abord":
        mine |= evenements["nature"] == "droit_unique"
    return evenements if BAILLEUR in idents else evenements.loc[mine]


# ── the base ──────────────────────────────────────────────────────────────────────────────────────


def _base_moves(before: Quotas, after: Quotas) -> pd.DataFrame:
    """The dwellings that enter or leave the base: columns of `logements`, `nature`, `date`, `sens` (±1)."""
    dwellings = after.dossier.logements
    new = after.inventaire.classement.etape
    old = before.inventaire.classement.etape.reindex(new.index, fill_value="pas_en_service")
    sens = (new == ASSIETTE).astype(int) - (old == ASSIETTE).astype(int)
    moved = sens != 0
    dwellings, old, new, sens = dwellings.loc[moved], old.loc[moved], new.loc[moved], sens.loc[moved]
    excepted = "categories_exception_stock"
    # neither delivered nor gone: a dwelling that was kept in stock, or becomes so
    kept = "loi" if before.regles.valeur(excepted) != after.regles.valeur(excepted) else ""
    enters, gone = (sens > 0) & (old == "pas_en_service"), (sens < 0) & (new == "sorti")
    nature = np.select(
        [enters, gone, sens > 0],
        ["livraison", exit_nature(dwellings), kept or "echeance"],
        kept or "debut",
    )
    on = _delivery_days(before.dossier).reindex(pd.MultiIndex.from_frame(dwellings[["programme", "commune"]]))
    day = dwellings["date_sortie"].where(gone).mask(enters, on.set_axis(dwellings.index))
    return dwellings.assign(nature=nature, date=day, sens=sens)


def exit_nature(logements: pd.DataFrame) -> pd.Series:
    """How each dwelling leaves, were it to leave: "vente", "demolition", "sortie"."""
    motif = logements["motif_sortie"]
    sold = motif.astype(TEXTE).str.startswith("vente", na=False).astype(bool)
    return pd.Series(
        np.select([sold, motif == "demolition"], ["vente", "demolition"], "sortie"), index=logements.index
    )


def _delivery_days(dossier: Dossier) -> pd.Series:
    """(Programme, commune) -> first day of its deliveries of the year."""
    return delivered(dossier).groupby(["programme", "commune"])["date_mise_service"].min()


def _base(after: Quotas, moves: pd.DataFrame) -> pd.DataFrame:
    dossier = after.dossier
    year = dossier.convention.annee - 1
    rows: list[dict[str, object]] = []
    for key, group in moves.groupby(["nature", "commune", "programme", "date"], dropna=False, sort=True):
        nature, commune, programme, day = key
        supposed = group["_ligne"].isna().any()
        table = dossier.livraisons if supposed else group
        if supposed:
            inside = (table["programme"] == programme) & (table["commune"] == commune)
            table = table.loc[inside & (table["date_mise_service"].dt.year == year)]
        rows.append(
            {
                "annee": year + 1,
                "nature": nature,
                "commune": commune,
                "programme": programme,
                "date": day,
                "nb": float(len(group)),
                "effet_assiette": float(group["sens"].sum()),
                **_written(dossier, "livraisons" if supposed else "logements", table["_ligne"]),
            }
        )
    return _frame(rows)


# ── the rights ────────────────────────────────────────────────────────────────────────────────────


def _rights(before: Quotas, after: Quotas, moves: pd.DataFrame) -> pd.DataFrame:
    """Every right that does not weigh on 1 January what it weighed a year before."""
    new = after.inventaire.droits.registre
    old = before.inventaire.droits.registre.loc[new.index]
    effect = new["poids"] - old["poids"]
    moved = effect != 0
    new, old, effect = new.loc[moved], old.loc[moved], effect.loc[moved]
    stands = _standing(new, moves)
    days = new["jours"] - old["jours"]
    by_base = stands["nature"].notna() & ((new["lieu"] != old["lieu"]) | (days == 0))
    repaid = repaid_guarantees(after.dossier).loc[new.index]
    nature = np.select(
        [by_base, days < 0, days > 0],
        [stands["nature"].fillna("partage"), np.where(repaid, "remboursement", "echeance"), "debut"],
        "partage",
    )
    day = new["fin"].where(pd.Series(np.isin(nature, ["echeance", "remboursement"]), index=new.index))
    day = day.mask(pd.Series(nature == "debut", index=new.index), new["date_debut"])
    frame = new.assign(
        nature=nature,
        date=day.mask(by_base, stands["date"]),
        effet=effect,
        **{c: old[c].where(old[c].notna(), new[c]) for c in ("programme", "commune")},
    )
    return _grouped(after.dossier, frame, "effet_droits")


def _standing(rights: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """`nature` and `date` of what happens to the dwelling or the programme on which each right stands."""
    one = moves.set_index("id_logement")[["nature", "date"]].reindex(rights["id_logement"])
    lots = moves.dropna(subset=["programme"]).sort_values("date").groupby(["programme", "commune"])
    last = lots[["nature", "date"]].last()
    programme = last.reindex(pd.MultiIndex.from_frame(rights[["programme", "commune"]]))
    is_lot = rights["id_logement"].isna()
    return one.set_axis(rights.index).where(~is_lot, programme.set_axis(rights.index))


def _single_use(quotas: Quotas) -> pd.DataFrame:
    """Single-use rights due in the year: they are served and move no share of the base."""
    rights = quotas.inventaire.droits.registre
    due = rights.loc[rights["unique"] != 0]
    undated = pd.Series(pd.NaT, index=due.index, dtype="datetime64[s]")
    due = due.assign(nature="droit_unique", date=undated, effet=due["unique"])
    return _grouped(quotas.dossier, due, "nb")


def _grouped(dossier: Dossier, rights: pd.DataFrame, measure: str) -> pd.DataFrame:
    """A row a holder, programme, day and nature."""
    rows = []
    for key, group in rights.groupby(KEYS, dropna=False, sort=True):
        rows.append(
            {
                "annee": dossier.convention.annee,
                **dict(zip(KEYS, key, strict=True)),
                "nb": float(group["nb"].sum()),
                **_written(dossier, "reservations", group["_ligne"]),
                measure: float(total(list(group["effet"]))),
            }
        )
    return _frame(rows)


# ── the law ───────────────────────────────────────────────────────────────────────────────────────


def _law(before: Quotas, after: Quotas) -> pd.DataFrame:
    """What the law becomes, and the préfet's derogation that ends (CCH, art. R. 441-5-2, I)."""
    annee = after.dossier.convention.annee
    changes = before.regles.diff(after.regles).table
    rows: list[dict[str, object]] = [
        {
            "annee": annee,
            "nature": "loi",
            "date": change["depuis"],
            "fichier": change["article"],
            "detail": f"{change['description']} : {_read(change['avant'])} → {_read(change['apres'])}",
        }
        for change in changes.to_dict("records")
    ]
    derogation = before.dossier.convention.stipulations.derogation_prefectorale
    if derogation and before.dossier.convention.date <= derogation.fin < after.dossier.convention.date:
        rows.append(
            {
                "annee": annee,
                "nature": "derogation",
                "date": pd.Timestamp(derogation.fin),
                "fichier": "convention.toml",
                "detail": f"fin de la dérogation préfectorale ({part(derogation.part)} du flux)",
            }
        )
    return _frame(rows)


def _read(value: Any) -> str:
    return ABSENT if absent(value) else str(value)


def _written(dossier: Dossier, table: str, lines: pd.Series) -> dict[str, object]:
    """The file and the lines of a row of events."""
    source = source_of(dossier, table)
    read = [int(n) for n in lines.dropna()]
    fichier = source.fichier if source.feuille is None else f"{source.fichier}, {source.feuille}"
    return {"fichier": fichier, "lignes": line_ranges(read)}


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    none = {"effet_droits": 0.0, "effet_assiette": 0.0}
    table = pd.DataFrame([none | row for row in rows], columns=COLUMNS)
    counts = dict.fromkeys(("nb", *none), "float64")
    texts = dict.fromkeys(("id_reservataire", "commune", "programme", "detail", "fichier", "lignes"), TEXTE)
    return table.astype({"annee": "int64", "date": "datetime64[s]", **counts, **texts})
