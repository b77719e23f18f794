"""The annexes of a departmental bailleur in one go: seconds, sizes, and the naive way of making one of them.

    python benchmarks/annexe.py                                     60 communes, 45 réservataires, all annexes
    python benchmarks/annexe.py --communes 20 --formats docx,xlsx

The stock is drawn by `flux.samples.generate_parc`. `naive` is what a user would otherwise write for the whole
annex once every figure is known: python-docx filling `table.cell(i, j).text`, openpyxl writing and styling
cell by cell the same values and formulas. It draws no picture and checks nothing.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import docx
import openpyxl
from openpyxl.styles import Border, Font, PatternFill, Side

import flux
from flux.annexe.fichiers import render
from flux.annexe.lot import FORMATS, chosen_formats, deliver, targets
from flux.samples import generate_parc, write

SEED = 2026


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and the result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def naive_docx(annexe: Any) -> None:
    """The same sentences and tables of pages, cell by cell."""
    page = docx.Document()
    for section in annexe.sections:
        page.add_heading(section.titre, 1)
        for sentence in (*section.paragraphes, *section.puces):
            page.add_paragraph(sentence)
        for tableau in section.tableaux_de_page:
            cells = tableau.cellules()
            rows = [cells.entetes, *cells.lignes, *([cells.total] if cells.total else [])]
            table = page.add_table(len(rows), len(cells.entetes), style="Table Grid")
            for i, row in enumerate(rows):
                for j, text in enumerate(row):
                    table.cell(i, j).text = text
    page.save(io.BytesIO())


def naive_xlsx(grids: dict[str, list[tuple[int, int, Any, str]]]) -> None:
    """The same values and formulas, each cell styled."""
    book = openpyxl.Workbook()
    side = Side(style="thin", color="BFBFBF")
    for nom, cells in grids.items():
        sheet = book.create_sheet(nom)
        for row, column, value, number_format in cells:
            cell = sheet.cell(row, column, value)
            cell.font, cell.border = Font(name="Arial", size=9), Border(side, side, side, side)
            cell.fill, cell.number_format = PatternFill("solid", "FFFFFF"), number_format
    book.save(io.BytesIO())


def grids(content: bytes) -> dict[str, list[tuple[int, int, Any, str]]]:
    """Every cell of our workbook: what the naive one must hold."""
    return {
        sheet.title: [
            (cell.row, cell.column, cell.value, copy(cell.number_format))
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        ]
        for sheet in openpyxl.load_workbook(io.BytesIO(content))
    }


def measure(nb_communes: int, nb_logements: int, formats: tuple[str, ...], naive: bool) -> dict[str, Any]:
    """Times in seconds, sizes in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        tables = generate_parc(nb_logements=nb_logements, nb_communes=nb_communes, seed=SEED)
        dossier = flux.read_dossier(write(tables, Path(folder) / "parc"))
        seconds, plan = timed(lambda: flux.allocate(flux.convert(dossier)))
        said: dict[str, Any] = {
            "communes": nb_communes,
            "reservataires": len(dossier.reservataires),
            "plan_s": round(seconds, 1),
        }
        annexe = flux.draft_annexe(plan)
        for f in formats:
            render(annexe, f".{f}")  # imports, fonts and pictures, once
            seconds, content = timed(lambda f=f: render(annexe, f".{f}"))
            said[f] = {"s": round(seconds, 2), "octets": len(content)}
            if naive and f == "xlsx":
                cells = grids(content)
                said[f]["cellules"] = sum(map(len, cells.values()))
                said[f]["naif_s"] = round(timed(lambda cells=cells: naive_xlsx(cells))[0], 2)
            if naive and f == "docx":
                said[f]["naif_s"] = round(timed(lambda: naive_docx(annexe))[0], 2)
            if "naif_s" in said[f]:
                said[f]["rapport"] = round(said[f]["naif_s"] / said[f]["s"], 1)
        wanted = targets(dossier, Path(folder) / "annexes", tous=True, formats=formats)
        seconds, paths = timed(lambda: deliver(plan, wanted))
        said["tous"] = {
            "annexes": len(wanted),
            "fichiers": len(paths),
            "s": round(seconds, 1),
            "octets": sum(p.stat().st_size for p in paths),
        }
        return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--communes", type=int, default=60)
    parser.add_argument("--logements", type=int, default=12_000)
    parser.add_argument("--formats", type=chosen_formats, default=FORMATS)
    parser.add_argument("--sans-naif", action="store_true", help="without the naive way, which is slow")
    asked = parser.parse_args()
    said = measure(asked.communes, asked.logements, asked.formats, not asked.sans_naif)
    print(json.dumps(said, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
