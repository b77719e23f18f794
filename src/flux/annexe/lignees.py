"""Where each published figure comes from: the proof of its cell; of a table, its rule and its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from flux.annexe.filiations import FILIATIONS, Filiation, Origine, group_of
from flux.annexe.selection import ELSEWHERE, OTHERS
from flux.conversion.explication.tables import ENSEMBLE, Tables
from flux.conversion.explication.tables import TABLES as PROVED
from flux.conversion.operations import add, ratio
from flux.dossier.appellations import BAILLEUR, Noms
from flux.dossier.schemas import TABLES
from flux.noyau.provenance import Figure, Source
from flux.rendu import glossaire
from flux.rendu.nombres import absent

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe
    from flux.conversion import Quotas
    from flux.rendu.vue import Tableau

TOLERANCE = 1e-9  # a published float against the exact value of its proof
Ligne = Mapping[Any, Any]


@dataclass(frozen=True)
class Lignees:
    """The proofs behind the tables of an annex, made when they are asked for.

    A proof is given only where its value is the one published: what a page masks, rounds or sums otherwise
    has the lineage of its table, never the proof of another figure.
    """

    quotas: Quotas
    _known_places: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], list[int]]] = field(
        default_factory=dict, repr=False
    )
    _known: dict[tuple[str, str, tuple[int, ...]], Figure] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, annexe: Annexe) -> Lignees:
        """The lineages of one annex."""
        return cls(annexe.plan.quotas)

    def filiation(self, tableau: Tableau) -> Filiation:
        """The rule and the tables of the dossier behind a published table."""
        return FILIATIONS.get(tableau.cle, Filiation())

    def sources(self, tableau: Tableau) -> list[Source]:
        """The files behind a published table, convention included."""
        dossier = self.quotas.dossier
        wanted = self.filiation(tableau).tables
        found = [s for s in dossier.sources if not wanted or _table(s) in wanted]
        return found or list(dossier.sources)

    def codes(self, ligne: Ligne) -> dict[str, str]:
        """The codes behind the names that a row shows: `id_reservataire`, `commune`, `territoire_code`."""
        return {
            cle: self._codes[cle][v]
            for cle, v in ligne.items()
            if cle in self._codes and not absent(v) and v in self._codes[cle]
        }

    def cellule(self, tableau: Tableau, ligne: Ligne, colonne: str) -> Figure | None:
        """The figure of one cell; None where no proof has its value."""
        figure = self._figure(tableau, ligne, colonne)
        return figure if figure is not None and _same(figure, ligne[colonne]) else None

    def total(self, tableau: Tableau, colonne: str, valeur: Any) -> Figure | None:
        """The figure of a sum under a column."""
        rows = [row for row in tableau.frame.to_dict("records") if not absent(row[colonne]) and row[colonne]]
        figures = [self.cellule(tableau, row, colonne) for row in rows]
        known = [f for f in figures if f is not None]
        if not known or len(known) < len(figures) or absent(valeur):
            return None
        label = next(c.libelle or c.terme.libelle for c in tableau.specs if c.nom == colonne)
        whole = add(*known, nom=f"{label}, total", unite=known[0].unite)
        return whole if _same(whole, valeur) else None

    def resultat(self, ligne: str, colonne: str, valeur: Any) -> Figure | None:
        """The figure of a result by what people call it: "Ville de Mire", "Quota"; a commune, a réservataire.

        None where no proof has the value.
        """
        holders, communes = self._codes["id_reservataire"], self._codes["commune"]
        by_label = {glossaire.libelle(c): c for c in PROVED["table"][1]}
        if ligne in holders and colonne in by_label:
            origine, key = Origine("table", by_label[colonne]), {"id_reservataire": holders[ligne]}
        elif ligne in communes and colonne in holders:
            origine = Origine("communes", "nb")
            key = {"commune": communes[ligne], "id_reservataire": holders[colonne]}
        else:
            return None
        ranks = self._places(origine.table, tuple(key)).get(tuple(key.values()), [])
        figure = self._sum(origine, tuple(ranks)) if ranks else None
        return figure if figure is not None and _same(figure, valeur) else None

    def _figure(self, tableau: Tableau, ligne: Ligne, colonne: str) -> Figure | None:
        filiation = self.filiation(tableau)
        origine = filiation.colonnes.get(colonne)
        if origine is None and filiation.par_reservataire:
            origine = Origine("communes", "nb", groupe=colonne)
        if origine is None or absent(ligne[colonne]):
            return None
        frame = getattr(self.quotas, origine.table)[origine.colonne]
        ranks = tuple(r for r in self._rows(tableau, ligne, origine) if not absent(frame.iloc[r]))
        if not ranks or not origine.sur:
            return self._sum(origine, ranks) if ranks else None
        below = (
            self._tables.whole(origine.sur)
            if origine.sur in ENSEMBLE
            else self._figure(tableau, ligne, origine.sur)
        )
        if below is None:
            return None
        above = self._sum(origine, ranks)
        return ratio(above, below, nom=f"{above.nom} ÷ {below.nom}", unite="part")

    def _rows(self, tableau: Tableau, ligne: Ligne, origine: Origine) -> list[int]:
        """Ranks of the rows of `Quotas` that a published row stands for."""
        kept: dict[str, Iterable[Any]] = {k: (v,) for k, v in origine.filtre.items()}
        for shown, target in self.filiation(tableau).cles.items():
            kept[target] = self._behind(tableau, shown, target, ligne[shown])
        if origine.groupe:
            commune = next(iter(kept.get("commune", ())), "")
            kept["id_reservataire"] = self._members(tableau, origine.groupe, commune)
        places = self._places(origine.table, tuple(kept))
        return sorted(r for key in product(*kept.values()) for r in places.get(tuple(map(_plain, key)), ()))

    def _behind(self, tableau: Tableau, shown: str, target: str, value: Any) -> Iterable[Any]:
        """The codes behind what a row shows: its own, or all those that the table does not show."""
        codes = self._codes.get(target, {})
        if value not in (OTHERS, ELSEWHERE):
            return (codes.get(value, value),)
        seen = set(tableau.frame[shown])
        return [code for name, code in codes.items() if name not in seen and code != BAILLEUR]

    def _members(self, tableau: Tableau, groupe: str, commune: Any) -> list[str]:
        """The réservataires that a column of the matrix adds up in a commune."""
        codes = self._codes["id_reservataire"]
        if groupe in codes:
            return [codes[groupe]]
        apart = {codes[c.nom] for c in tableau.specs if c.nom in codes}
        rows = self.quotas.table[["id_reservataire", "categorie", "territoire_code"]]
        return [
            str(r)
            for r, kind, home in rows.itertuples(index=False)
            if r not in apart and (groupe == OTHERS or groupe == group_of(kind, at_home=home == commune))
        ]

    def _sum(self, origine: Origine, ranks: tuple[int, ...]) -> Figure:
        known = origine.table, origine.colonne, ranks
        if known not in self._known:
            figures = [self._tables.figure(origine.table, origine.colonne, r) for r in ranks]
            nom = f"{glossaire.libelle(origine.colonne)}, somme de {len(figures)} lignes"
            self._known[known] = (
                figures[0] if len(figures) == 1 else add(*figures, nom=nom, unite=figures[0].unite)
            )
        return self._known[known]

    def _places(self, table: str, columns: tuple[str, ...]) -> dict[tuple[Any, ...], list[int]]:
        """Ranks of the rows of a table of `Quotas` by their key; none when it has no such column."""
        if (table, columns) not in self._known_places:
            frame = getattr(self.quotas, table)
            places: dict[tuple[Any, ...], list[int]] = {}
            known = all(c in frame.columns for c in columns)
            keys = zip(*(frame[c].tolist() for c in columns), strict=True) if known else ()
            for rank, key in enumerate(keys):
                places.setdefault(tuple(map(_plain, key)), []).append(rank)
            self._known_places[table, columns] = places
        return self._known_places[table, columns]

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self.quotas)

    @cached_property
    def _codes(self) -> dict[str, dict[str, str]]:
        """Name -> code, the other way of `Noms`."""
        quotas, noms = self.quotas, Noms.of(self.quotas.dossier)
        holders = [*quotas.dossier.reservataires["id_reservataire"], BAILLEUR]
        territories = {*quotas.plafonds["territoire_code"], *quotas.reductions["territoire_code"]}
        return {
            "id_reservataire": {noms.reservataire(r): str(r) for r in holders},
            "commune": {noms.commune(c): str(c) for c in quotas.dossier.communes["commune"]},
            "territoire_code": {noms.territoire(t): str(t) for t in sorted(map(str, territories))},
        }


def _table(source: Source) -> str:
    """The table of the contract that a file or a sheet holds, "convention" for the convention."""
    named = (source.feuille or "", source.fichier.rsplit(".", 1)[0])
    return next((n for n in named if n in TABLES or n == "convention"), "")


def _plain(value: Any) -> Any:
    return None if absent(value) else value


def _same(figure: Figure, value: Any) -> bool:
    return abs(float(figure.valeur) - float(value)) <= TOLERANCE * max(1.0, abs(float(value)))
