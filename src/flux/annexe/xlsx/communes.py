"""Sheet Communes: whole quotas by commune as values, with live checks of rows and columns that turn red."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flux.annexe.xlsx.flux import Flux
from flux.annexe.xlsx.grille import Champ, Feuille, Table
from flux.dossier.appellations import Noms

if TYPE_CHECKING:
    from flux.conversion import Quotas


@dataclass(frozen=True)
class Communes:
    """Ranges that must be zero: under the columns, and at the end of the rows."""

    colonnes: str
    lignes: str


def write_communes(feuille: Feuille, quotas: Quotas, flux: Flux, holders: Table, noms: Noms) -> Communes:
    """One row a commune, one column a réservataire; sums are checked against Quotas and Flux."""
    idents = [str(r) for r in quotas.table["id_reservataire"]]
    feuille.title(
        "Quotas par commune et par réservataire",
        "Valeurs de la répartition en logements entiers, et contrôles vivants : une case rouge dit un écart.",
        "Une colonne fait le quota du réservataire ; une ligne, les nombres en QPV et hors QPV.",
    )
    champs = {
        "nom": Champ("Commune", largeur=40),
        "commune": Champ("Code"),
        "flux": Champ("Flux exact", "exact"),
        **{f"r {r}": Champ(noms.reservataire(r), "entier") for r in idents},
        "ensemble": Champ("Ensemble", "entier"),
        "qpv": Champ("En QPV", "entier"),
        "hors_qpv": Champ("Hors QPV", "entier"),
        "garantie": Champ("Contre garantie", "entier"),
        "controle": Champ("Contrôle", "entier"),
    }
    table = feuille.table(champs, len(flux.codes) + 2)
    cells = quotas.communes
    nb = {
        (str(c), str(r)): int(n)
        for c, r, n in zip(cells["commune"], cells["id_reservataire"], cells["nb"], strict=True)
    }
    counts = ["nb", "nb_qpv", "nb_hors_qpv", "nb_garantie"]
    sums = cells.groupby("commune")[counts].sum().reindex(flux.codes, fill_value=0)
    served = dict(zip(flux.codes, sums.astype(int).to_numpy().tolist(), strict=True))
    keys = [f"r {r}" for r in idents]
    for i, code in enumerate(flux.codes):
        row = served[code]
        table.put("commune", i, code)
        table.put("nom", i, noms.commune(code))
        table.put("flux", i, flux.flux_of[code], flux.at("flux", code))
        for ident, key in zip(idents, keys, strict=True):
            table.put(key, i, nb.get((code, ident)))
        table.put("ensemble", i, int(row[0]), f"SUM({table.at(keys[0], i)}:{table.at(keys[-1], i)})")
        for key, value in zip(("qpv", "hors_qpv", "garantie"), row[1:], strict=True):
            table.put(key, i, int(value))
        parts = f"{table.at('qpv', i)}-{table.at('hors_qpv', i)}"
        table.put("controle", i, 0, f"{table.at('ensemble', i)}-{parts}")
    _totals(table, quotas, flux, holders, keys)
    last = table.top + table.nb
    feuille.turns_red(last, 3, last, len(champs) - 1)
    feuille.turns_red(table.top + 1, len(champs) - 1, last - 2, len(champs) - 1)
    feuille.keep_heading(table, columns=2)
    return Communes(
        table.across(keys[0], keys[-1], table.nb - 1), table.span("controle", 0, len(flux.codes) - 1)
    )


def _totals(table: Table, quotas: Quotas, flux: Flux, holders: Table, keys: list[str]) -> None:
    """The sum of each column, and its distance to the quota."""
    total, check = len(flux.codes), len(flux.codes) + 1
    table.put("nom", total, "Total", gras=True)
    table.put("nom", check, "Contrôle : écart au quota", gras=True)
    rows = (0, len(flux.codes) - 1)
    columns = quotas.communes
    for i, key in enumerate(keys):
        ident = key.removeprefix("r ")
        count = int(columns.loc[columns["id_reservataire"] == ident, "nb"].sum())
        table.put(key, total, count, f"SUM({table.span(key, *rows)})", gras=True)
        table.put(key, check, 0, f"{table.at(key, total)}-{holders.cell('quota', i)}", gras=True)
    values = {
        "flux": flux.valeurs[0],
        "ensemble": columns["nb"].sum(),
        "qpv": columns["nb_qpv"].sum(),
        "hors_qpv": columns["nb_hors_qpv"].sum(),
        "garantie": columns["nb_garantie"].sum(),
    }
    for key, value in values.items():
        table.put(key, total, float(value), f"SUM({table.span(key, *rows)})", gras=True)
    table.put("ensemble", check, 0, f"ROUND({table.at('ensemble', total)}-{flux.total},9)", gras=True)
