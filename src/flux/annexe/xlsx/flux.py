"""Sheets Segments and Flux: from dwellings, rates and subtractions to the flow to share, by commune."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from flux.annexe.xlsx.grille import Champ, Feuille, Table
from flux.conversion.territoires import communes_of
from flux.dossier.appellations import Noms
from flux.rendu import glossaire

if TYPE_CHECKING:
    from flux.conversion import Quotas

SEGMENTS = {
    "nom": Champ("Commune", largeur=30),
    "commune": Champ("Code"),
    "qpv": Champ("QPV"),
    "typologie": Champ("Typologie"),
    "financement": Champ("Financement", largeur=14),
    "nb": Champ("Logements", "entier", entree=True),
    "taux": Champ("Taux de rotation", "taux", entree=True),
    "liberations": Champ("Libérations attendues", "exact"),
    "soustraits": Champ("Logements soustraits", "exact", entree=True),
    "net": Champ("Flux net", "exact"),
    "premieres": Champ("Premières locations", "entier", entree=True),
    "partage": Champ("Flux à partager", "exact"),
}
COMMUNES = {
    "nom": Champ("Commune", largeur=44),
    "commune": Champ("Code"),
    "base": Champ("Logements de l'assiette", "entier"),
    "relocations": Champ("Flux de relocations", "exact"),
    "flux": Champ("Flux à partager", "exact"),
    "demande": Champ("Dus du territoire et de l'État, après plafonds", "exact"),
    "etat": Champ("dont État", "exact"),
    "coefficient": Champ("Réduction au flux de la commune", "exact"),
    "servi": Champ("Dus servis", "exact"),
    "reste": Champ("Reste du flux", "exact"),
}


@dataclass(frozen=True)
class Flux:
    """Where the flow stands in the workbook.

    total, relocations, laisse : F*, F* without first lettings, the share left by single-use rights
    table : the table by commune, its rows in the order of `codes`
    valeurs : F*, relocations and share left, as numbers
    relocations_of, flux_of : flow of each commune, without and with first lettings, as numbers
    """

    quotas: Quotas = field(repr=False)
    total: str
    relocations: str
    laisse: str
    table: Table
    codes: list[str]
    valeurs: tuple[float, float, float]
    relocations_of: dict[str, float]
    flux_of: dict[str, float]
    _homes: dict[tuple[str, str], list[str]] = field(default_factory=dict, repr=False)

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {code: k for k, code in enumerate(self.codes)}

    def home(self, territoire_type: str, code: str) -> list[str]:
        """Communes of a territory that have a flow; asked for each row, looked up once."""
        key = territoire_type, code
        if key not in self._homes:
            inside = communes_of(self.quotas.dossier, territoire_type, code)
            self._homes[key] = [c for c in inside if c in self.flux_of]
        return self._homes[key]

    def over(self, colonne: str, territoire_type: str, code: str) -> str:
        """Formula that adds up a column of the communes over a territory."""
        return self.sum(colonne, self.home(territoire_type, code))

    def sum(self, colonne: str, communes: Iterable[str]) -> str:
        """Formula that adds up a column over some communes, by runs of neighbouring rows."""
        places = sorted(self._ranks[c] for c in communes if c in self._ranks)
        if not places:
            return "0"
        starts = [p for k, p in enumerate(places) if k == 0 or places[k - 1] != p - 1]
        ends = [p for k, p in enumerate(places) if k == len(places) - 1 or places[k + 1] != p + 1]
        spans = (self.table.span(colonne, a, b) for a, b in zip(starts, ends, strict=True))
        return f"SUM({','.join(spans)})"

    def at(self, colonne: str, commune: str) -> str:
        """Cell of a commune."""
        return self.table.cell(colonne, self._ranks[commune])


def with_first_lettings(quotas: Quotas) -> pd.DataFrame:
    """`quotas.flux` commune after commune, and `premieres`: first lettings put in the flow, by segment."""
    scaled = quotas.flux["flux_net"] * float(quotas.exact["echelle"])
    flow = quotas.flux.assign(premieres=(quotas.flux["flux_a_partager"] - scaled).round())
    return flow.sort_values("commune", kind="stable", ignore_index=True)


def write_flux(segments: Feuille, feuille: Feuille, quotas: Quotas, ajouts: str, noms: Noms) -> Flux:
    """Fill in Segments, and Flux down to the flow of each commune.

    Parameters
    ----------
    ajouts : formula of what is due on top of the shares: single-use rights, first lettings in the flow.
    """
    flow = with_first_lettings(quotas)
    segments.title(
        "Segments : des logements au flux",
        "Cellules jaunes : données, à modifier pour essayer ; tout le reste se recalcule.",
        "Libérations = logements × taux. Flux net = libérations − soustraits, jamais négatif.",
        "Flux à partager = flux net × mise à l'échelle (feuille Flux) + premières locations.",
    )
    rows = segments.table(SEGMENTS, len(flow))
    segments.keep_heading(rows, columns=2)
    for i, row in enumerate(flow.to_dict("records")):
        for key, value in (
            ("commune", row["commune"]),
            ("nom", noms.commune(row["commune"])),
            ("qpv", "oui" if row["qpv"] else "non"),
            ("typologie", row["typologie"]),
            ("financement", glossaire.format("financement", row["financement"])),
            ("nb", row["nb_logements"]),
            ("taux", row["taux_rotation"]),
            ("soustraits", row["soustraits"]),
            ("premieres", row["premieres"]),
        ):
            rows.put(key, i, value)
        rows.put("liberations", i, row["liberations"], f"{rows.at('nb', i)}*{rows.at('taux', i)}")
        net = f"MAX(0,{rows.at('liberations', i)}-{rows.at('soustraits', i)})"
        rows.put("net", i, row["flux_net"], net)
    for nom, key in (("nb_logements", "nb"), ("taux_rotation", "taux"), ("soustraits", "soustraits")):
        rows.name(nom, key, f"Segments, colonne « {SEGMENTS[key].titre} »")
    scale, total, relocations, left, values = _scalars(feuille, rows, quotas, ajouts)
    for i, partage in enumerate(flow["flux_a_partager"]):
        rows.put("partage", i, partage, f"{rows.at('net', i)}*{scale}+{rows.at('premieres', i)}")
    return _communes(feuille, rows, quotas, noms, scale, total, relocations, left, values)


def _scalars(
    feuille: Feuille, rows: Table, quotas: Quotas, ajouts: str
) -> tuple[str, str, str, str, tuple[float, float, float]]:
    """F, F*, the scale, and what single-use rights leave to the rates."""
    flow, exact = with_first_lettings(quotas), {k: float(v) for k, v in quotas.exact.items()}
    choix = quotas.dossier.convention.choix
    apart = str(choix.droits_uniques) == "reserves_d_abord"
    uniques = float(quotas.table["nb_uniques"].sum()) if apart else 0.0
    # first lettings that the parties put in the flow are due on top too: the two cannot be told apart
    alone = apart and str(choix.premieres_locations) == "a_part"
    net, first = float(flow["flux_net"].sum()), float(flow["premieres"].sum())
    relet = exact["flux_a_partager"] - first
    left = min(1.0, max(0.0, relet - uniques) / relet) if relet else 1.0
    feuille.title(
        "Flux : de l'année et de chaque commune",
        "Le flux net est arrondi une fois à l'entier, demi vers le haut ; l'écart passe à l'année suivante.",
    )

    def said(
        nom: str,
        titre: str,
        genre: str,
        value: float,
        formula: str = "",
        *,
        entree: bool = True,
        signe: bool = False,
    ) -> str:
        champ = Champ(titre, genre, entree=entree, signe=signe)
        return feuille.scalar(champ, value, formula, nom=nom)

    sums = f"SUM({rows.span('net')})"
    said("assiette", "Logements de l'assiette", "entier", exact["base"], f"SUM({rows.span('nb')})")
    carried = said(
        "report_flux", "Reste du flux de l'année précédente", "exact", exact["flux_net"] - net, signe=True
    )
    flux_net = said("flux_net", "Flux net", "exact", exact["flux_net"], f"MAX(0,{sums}+{carried})")
    relocations = said(
        "flux_relocations",
        "Flux de relocations, entier",
        "entier",
        relet,
        f"IF({sums}=0,0,INT(ROUND({flux_net},9)+0.5))",
    )
    scale = said(
        "echelle", "Mise à l'échelle", "exact", exact["echelle"], f"IF({sums}=0,0,{relocations}/{sums})"
    )
    premieres = said(
        "premieres_locations",
        "Premières mises en location dans le flux",
        "entier",
        first,
        f"SUM({rows.span('premieres')})",
    )
    total = said("flux_a_partager", "Flux à partager", "entier", relet + first, f"{relocations}+{premieres}")
    reserved = said(
        "droits_uniques",
        "Droits uniques réservés d'abord",
        "exact",
        uniques,
        ajouts if alone else "",
        entree=apart,
    )
    laisse = said(
        "part_laissee",
        "Part du flux laissée par les droits uniques",
        "exact",
        left,
        f"IF({relocations}=0,1,MIN(1,MAX(0,{relocations}-{reserved})/{relocations}))",
    )
    feuille.ligne += 1
    return scale, total, relocations, laisse, (relet + first, relet, left)


def _communes(
    feuille: Feuille,
    rows: Table,
    quotas: Quotas,
    noms: Noms,
    scale: str,
    total: str,
    relocations: str,
    left: str,
    values: tuple[float, float, float],
) -> Flux:
    """One row a commune; the columns that follow the dues are filled in by the sheet Dus."""
    flow = with_first_lettings(quotas)
    sums = flow.groupby("commune", sort=True)[["nb_logements", "premieres", "flux_a_partager"]].sum()
    codes = [str(c) for c in sums.index]
    ranks = pd.Series(range(len(flow))).groupby(flow["commune"].to_numpy())
    places = {str(c): (int(r.min()), int(r.max())) for c, r in ranks}
    table = feuille.table(COMMUNES, len(codes), titre="Par commune")
    for i, (code, row) in enumerate(zip(codes, sums.to_dict("records"), strict=True)):
        table.put("commune", i, code)
        table.put("nom", i, noms.commune(code))
        first, last = places[code]
        table.put("base", i, row["nb_logements"], f"SUM({rows.span('nb', first, last)})")
        relet = row["flux_a_partager"] - row["premieres"]
        table.put("relocations", i, relet, f"SUM({rows.span('net', first, last)})*{scale}")
        arriving = f"SUM({rows.span('premieres', first, last)})"
        table.put("flux", i, row["flux_a_partager"], f"{table.at('relocations', i)}+{arriving}")
    flows = sums["flux_a_partager"]
    relets = (flows - sums["premieres"]).tolist()
    return Flux(
        quotas,
        total,
        relocations,
        left,
        table,
        codes,
        values,
        dict(zip(codes, relets, strict=True)),
        dict(zip(codes, flows.tolist(), strict=True)),
    )
