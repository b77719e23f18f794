"""Write the generated pages of the guide, then build the site: `python scripts/guide.py`.

The site goes to docs/_build/html, which is not committed. Needs the extra [docs]; no network.
`--pages` writes the generated pages only, without Sphinx.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import guide_dossier
import guide_glossaire
import guide_regles

DOCS = Path(__file__).resolve().parent.parent / "docs"
SITE = DOCS / "_build" / "html"
PAGES: dict[str, Callable[[], str]] = {
    "dossier.md": guide_dossier.page,
    "regles.md": guide_regles.page,
    "glossaire.md": guide_glossaire.page,
}


def build(site: Path) -> None:
    """The site, with no warning tolerated; the doctrees go beside it.

    Raises
    ------
    subprocess.CalledProcessError
        Sphinx said something.
    """
    options = ["-W", "--keep-going", "-q", "-b", "html", "-d", str(site.parent / "doctrees")]
    subprocess.run([sys.executable, "-m", "sphinx", *options, str(DOCS), str(site)], check=True)


def main() -> None:
    """Generated pages, then the site."""
    for name, page in PAGES.items():
        (DOCS / "guide" / name).write_text(page(), encoding="utf-8")
    if "--pages" not in sys.argv:
        build(SITE)
        print(SITE / "index.html")


if __name__ == "__main__":
    main()
