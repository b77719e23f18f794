"""A user's own thresholds of the first quartile: a year that is not shipped, or a correction."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import partial
from pathlib import Path

from flux.loi.seuils_q1 import PARIS, SIREN_OF_PARIS, SeuilQ1, cell
from flux.noyau.errors import Anomalie, DataError
from flux.noyau.provenance import Couleur


def read_seuils(path: str | Path, annee: int) -> Mapping[str, SeuilQ1]:
    """The thresholds of a user's file: `territoire` and `seuil_eur`, and `annee`, `nom` if they are there.

    CSV, `;` `,` or tab, UTF-8 or cp1252. Only the rows of `annee` are kept where the column is written.

    Raises
    ------
    DataError
        Every defect at once: a column that is not there, a cell that cannot be read, a territory twice, no
        row for the year.
    """
    file = Path(path)
    defect = partial(Anomalie, fichier=file.name)
    try:
        raw = file.read_bytes()
    except OSError as error:
        message = f"Fichier illisible : {error.strerror or error}"
        raise DataError([defect(code="quartiles.fichier", message=message)]) from None
    headers, lines = _lines(raw)
    if lacking := [name for name in ("territoire", "seuil_eur") if name not in headers]:
        read = f"(lues : {', '.join(headers) or 'aucune'})"
        raise DataError(
            [
                defect(
                    code="quartiles.colonne_absente",
                    colonne=name,
                    message="Colonne absente",
                    attendu="territoire (SIREN) et seuil_eur (€ par an et par unité de consommation)",
                    correction=f"Ajouter la colonne « {name} » {read}.",
                )
                for name in lacking
            ]
        )
    digest = hashlib.sha256(raw).hexdigest()
    found: dict[str, SeuilQ1] = {}
    defects: list[Anomalie] = []
    for at, line in lines:
        if line.get("annee") not in (None, "", str(annee)):
            continue
        code, amount = line["territoire"].removesuffix(".0"), _euros(line["seuil_eur"])
        code = PARIS if code == SIREN_OF_PARIS else code
        if not (code.isdigit() and len(code) == 9) and code != PARIS:
            wrong = ("territoire", "Code de territoire illisible", "un SIREN de 9 chiffres, ou 75056 (Paris)")
        elif code in found:
            wrong = ("territoire", "Territoire écrit deux fois", "une ligne par territoire")
        elif amount <= 0:
            wrong = ("seuil_eur", "Montant illisible", "des euros par an, par exemple 9480")
        else:
            found[code] = SeuilQ1(
                territoire=code,
                nom=line.get("nom", ""),
                echelle="territoire",
                seuil_eur=Fraction(amount),
                article=f"fichier {file.name}",
                source=cell(file.name, annee, code, digest),
                couleur=Couleur.DONNEE,
            )
            continue
        column, message, wanted = wrong
        defects.append(
            defect(
                code=f"quartiles.{column}",
                ligne=at,
                colonne=column,
                valeur=line[column],
                message=message,
                attendu=wanted,
            )
        )
    if not defects and not found:
        wanted = f"des lignes de l'année {annee}"
        defects.append(
            defect(code="quartiles.annee", colonne="annee", message="Aucune ligne de l'année", attendu=wanted)
        )
    if defects:
        raise DataError(defects)
    return found


def _lines(raw: bytes) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Headers in small letters, and the cells of each line with its number."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    rows = list(csv.reader(io.StringIO(text), delimiter=max(";,\t", key=first.count)))
    headers = [cell.strip().casefold() for cell in rows[0]] if rows else []
    lines = []
    for at, row in enumerate(rows[1:], start=2):
        cells = [cell.strip() for cell in row] + [""] * len(headers)
        if any(cells):
            lines.append((at, dict(zip(headers, cells, strict=False))))
    return headers, lines


def _euros(written: str) -> Decimal:
    """An amount as people write it: "9 480,50 €"; 0 when it cannot be read."""
    try:
        amount = Decimal("".join(written.replace("€", "").split()).replace(",", "."))
    except InvalidOperation:
        return Decimal(0)
    return amount if amount.is_finite() else Decimal(0)
