"""What one may ask: a holder, a holder in a commune, a cell of a table, a figure of the whole."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.conversion.cellules import BAILLEUR, ETAT_CATEGORIES
from flux.conversion.explication.entiers import ETAT
from flux.conversion.explication.explication import Explication
from flux.conversion.explication.tables import ENSEMBLE, TABLES, Tables
from flux.conversion.operations import add
from flux.noyau.errors import FluxError, near_misses
from flux.noyau.provenance import Figure
from flux.rendu import glossaire

if TYPE_CHECKING:
    from flux.conversion.quotas import Quotas


def explain(quotas: Quotas, quoi: str, colonne: str | None, cle: Mapping[str, Any]) -> Explication:
    """See `Quotas.explain`."""
    tables = Tables(quotas)
    idents = [*tables.exacts.holders, BAILLEUR]
    categories = quotas.dossier.reservataires["categorie"]
    if quoi == ETAT and categories.isin(ETAT_CATEGORIES).any():
        state = quotas.dossier.reservataires.loc[categories.isin(ETAT_CATEGORIES), "id_reservataire"]
        return Explication(_of_holders(tables, sorted(map(str, state)), colonne, cle))
    if quoi in idents:
        return Explication(_of_holders(tables, [quoi], colonne, cle))
    if quoi in ENSEMBLE and not cle and colonne is None:
        return Explication(tables.whole(quoi))
    if quoi in TABLES:
        return Explication(_of_table(tables, quoi, colonne, cle))
    known = [*idents, ETAT, *ENSEMBLE, *TABLES]
    close = near_misses(quoi, known) or _called(tables, quoi)
    hint = (
        f"Vouliez-vous dire : {', '.join(close)} ?"
        if close
        else f"Réservataires : {', '.join(sorted(idents))} ; tables : {', '.join(TABLES)}."
    )
    raise FluxError(f"Aucun réservataire ni tableau « {quoi} ». {hint}", code="explication.inconnu")


def _called(tables: Tables, words: str) -> list[str]:
    """Holders by their names, for whoever does not know their identifiers."""
    by_name = {tables.noms.de(i).strip("« »").lower(): i for i in tables.exacts.holders}
    return [by_name[n] for n in near_misses(words.lower(), by_name)] or [
        i for n, i in by_name.items() if words.lower() in n
    ][:3]


def _of_holders(tables: Tables, idents: Sequence[str], colonne: str | None, cle: Mapping[str, Any]) -> Figure:
    """A quota, or its part in a commune; of both contingents of the State, the sum."""
    table = "communes" if "commune" in cle else "table"
    default = TABLES[table][1][0]
    asked = colonne or default
    rows = [_rows(tables, table, asked, {"id_reservataire": i, **cle}) for i in idents]
    figures = [tables.figure(table, asked, rang) for found in rows for rang in found]
    if not figures:
        ident, commune = idents[0], _commune(tables, cle["commune"])
        tables.cellules.row(ident, commune)
    return _together(figures, f"{glossaire.libelle(asked).lower()} de l'État, priorité et agents", asked)


def _of_table(tables: Tables, table: str, colonne: str | None, cle: Mapping[str, Any]) -> Figure:
    """The cell that a key names; where it names several rows, their sum."""
    asked = colonne or TABLES[table][1][0]
    rows = _rows(tables, table, asked, cle)
    if not rows:
        said = ", ".join(f"{k} = {v}" for k, v in cle.items())
        raise FluxError(
            f"Aucune ligne de « {table} » pour {said or 'cette question'}.", code="explication.ligne_absente"
        )
    figures = [tables.figure(table, asked, rang) for rang in rows]
    named = {"commune": lambda v: tables.noms.a(_commune(tables, v)), "id_reservataire": tables.noms.de}
    name = ", ".join(named.get(k, str)(v) for k, v in cle.items()) or "toutes les lignes"
    return _together(figures, f"{glossaire.libelle(asked).lower()}, {name}", asked)


def _together(figures: list[Figure], nom: str, colonne: str) -> Figure:
    if len(figures) == 1:
        return figures[0]
    if any(f.unite not in ("logements", "droits") for f in figures):
        raise FluxError(
            f"« {colonne} » ne s'additionne pas, et la question désigne {len(figures)} lignes : ajouter de "
            "quoi n'en garder qu'une.",
            code="explication.plusieurs_lignes",
        )
    return add(*figures, nom=nom, unite=figures[0].unite)


def _rows(tables: Tables, table: str, colonne: str, cle: Mapping[str, Any]) -> list[int]:
    """Ranks of the rows of a table that a key names, whose cell is not empty.

    Raises
    ------
    FluxError
        Codes "explication.colonne", "explication.cle", "explication.valeur", "explication.vide": what was
        asked is not there; near-misses suggested.
    """
    keys, columns = TABLES[table]
    if colonne not in columns:
        raise FluxError(
            f"« {colonne} » n'est pas un chiffre que « {table} » explique. {_near(colonne, columns)}",
            code="explication.colonne",
        )
    frame: pd.DataFrame = getattr(tables.quotas, table)
    kept = pd.Series(True, index=frame.index)
    for name, value in cle.items():
        if name not in keys:
            raise FluxError(
                f"« {name} » ne désigne pas une ligne de « {table} ». {_near(name, keys)}",
                code="explication.cle",
            )
        wanted = _commune(tables, value) if name == "commune" else value
        here = (frame[name] == wanted).fillna(False).astype(bool)
        if name != "commune" and not here.any():
            seen = sorted({str(v) for v in frame[name].dropna()})
            raise FluxError(
                f"« {value} » n'est pas dans la colonne « {name} » de « {table} ». {_near(str(value), seen)}",
                code="explication.valeur",
            )
        kept &= here
    ranks = [int(k) for k in kept.to_numpy().nonzero()[0]]
    full = [k for k in ranks if pd.notna(frame[colonne].iloc[k])]
    if ranks and not full:
        raise FluxError(
            f"La case « {colonne} » de cette ligne est vide : il n'y a rien à expliquer.",
            code="explication.vide",
        )
    return full


def _commune(tables: Tables, asked: Any) -> str:
    """A commune by its code or its name.

    Raises
    ------
    FluxError
        Codes "explication.commune_inconnue", "explication.commune_ambigue".
    """
    names = dict(tables.noms.communes)
    if str(asked) in names:
        return str(asked)
    same = [c for c, n in names.items() if _plain(n) == _plain(str(asked))]
    if len(same) == 1:
        return same[0]
    if same:
        raise FluxError(
            f"Plusieurs communes s'appellent « {asked} » : {', '.join(same)}. Donner le code.",
            code="explication.commune_ambigue",
        )
    plain = {_plain(n): f"{n} ({c})" for c, n in names.items()}
    close = [plain[n] for n in near_misses(_plain(str(asked)), plain)] or near_misses(str(asked), names)
    inside = [said for n, said in plain.items() if _plain(str(asked)) in n][:3]
    hint = f"Vouliez-vous dire : {', '.join(close or inside)} ?" if close or inside else "Donner son code."
    raise FluxError(
        f"Aucune commune « {asked} » dans ce dossier. {hint}", code="explication.commune_inconnue"
    )


def _plain(name: str) -> str:
    """A name without case, accents, hyphens and apostrophes."""
    letters = unicodedata.normalize("NFKD", name.lower())
    return " ".join(
        "".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c)).split()
    )


def _near(word: str, known: Sequence[str]) -> str:
    close = near_misses(word, known)
    some = f"{', '.join(known[:12])}{' …' if len(known) > 12 else ''}"
    return f"Vouliez-vous dire : {', '.join(close)} ?" if close else f"Possibles : {some}."
