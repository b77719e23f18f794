"""Small workbooks of text and numbers, the same bytes at every run: xlsx through XlsxWriter, ods by hand."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape

import xlsxwriter

Cell = str | int | float | datetime.date | None
_FIXED = (1980, 1, 1, 0, 0, 0)
_TYPE_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
    f'manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:media-type="{_TYPE_ODS}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)
_URN = "urn:oasis:names:tc:opendocument:xmlns"


def xlsx(rows: Iterable[Sequence[Cell]], *, feuille: str) -> bytes:
    """One sheet; numbers and dates are cells of their type, as a spreadsheet keeps them."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": datetime.datetime(*_FIXED)})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet = book.add_worksheet(feuille)
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime.date):
                    sheet.write_datetime(at, column, datetime.datetime(*cell.timetuple()[:3]), day)
                elif isinstance(cell, str):
                    sheet.write_string(at, column, cell)
                elif cell is not None:
                    sheet.write_number(at, column, cell)
    return out.getvalue()


def ods(rows: Iterable[Sequence[Cell]], *, feuille: str) -> bytes:
    """One sheet in the format of LibreOffice."""
    body = "".join(f"<table:table-row>{''.join(_ods_cells(row))}</table:table-row>" for row in rows)
    content = (
        f'<office:document-content xmlns:office="{_URN}:office:1.0" xmlns:table="{_URN}:table:1.0" '
        f'xmlns:text="{_URN}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="{escape(feuille)}">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("mimetype", _TYPE_ODS), ("content.xml", content), ("META-INF/manifest.xml", _MANIFEST)
        ):  # fmt: skip
            entry = zipfile.ZipInfo(name, _FIXED)
            # the format asks that its first entry can be read in the bytes of the file
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return out.getvalue()


def _ods_cells(row: Sequence[Cell]) -> Iterator[str]:
    for cell in row:
        if cell is None or cell == "":
            yield "<table:table-cell/>"
        elif isinstance(cell, (int, float)):
            yield f'<table:table-cell office:value-type="float" office:value="{cell!r}"/>'
        else:
            text = escape(str(cell))
            yield f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
