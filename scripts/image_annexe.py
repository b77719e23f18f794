"""Draw docs/images/annexe.png: the page of rates and quotas of the annex of val-de-mire, as Word shows it.

Needs LibreOffice (`soffice`) and poppler (`pdftoppm`, `pdftotext`); run by hand when the annex changes:

    python scripts/image_annexe.py
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import flux

ROOT = Path(__file__).parents[1]
TITLE = "Du droit au quota, par réservataire"
WIDTH = 1400  # pixels


def run(*command: str | Path) -> str:
    """What the command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Write the annex, convert it, keep the page that bears the title."""
    quotas = flux.convert(flux.read_dossier(ROOT / "data" / "samples" / "val-de-mire"))
    annexe = flux.draft_annexe(flux.allocate(quotas))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        document = annexe.save(place / "annexe.docx")
        profile = f"-env:UserInstallation={(place / 'profil').as_uri()}"
        run("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", place, document)
        pdf = document.with_suffix(".pdf")
        pages = run("pdftotext", "-layout", pdf, "-").split("\f")
        page = str(1 + next(i for i, text in enumerate(pages) if TITLE in text))
        image = ROOT / "docs" / "images" / "annexe"
        image.parent.mkdir(exist_ok=True)
        size = ("-scale-to-x", str(WIDTH), "-scale-to-y", "-1")
        run("pdftoppm", "-png", "-singlefile", "-f", page, "-l", page, *size, pdf, image)


if __name__ == "__main__":
    main()
