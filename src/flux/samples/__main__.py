"""`python -m flux.samples data/samples`: write the samples again, over the files there."""

from __future__ import annotations

import argparse
from pathlib import Path

from flux.samples import BRUTS, SAMPLES, write


def main() -> None:
    """Write each sample in its folder."""
    parser = argparse.ArgumentParser(
        prog="python -m flux.samples",
        description="Écrit les dossiers d'exemple, par-dessus ceux qui s'y trouvent.")
    parser.add_argument("dossier", type=Path, help="où les écrire : un sous-dossier par exemple")
    folder = parser.parse_args().dossier
    for nom in (*SAMPLES, *BRUTS):
        print(write(nom, folder / nom, ecraser=True))


if __name__ == "__main__":
    main()
