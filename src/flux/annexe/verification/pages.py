"""Two pages compared: sentence by sentence, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator

from flux.annexe.verification.blocs import Bloc, Grille, Page, aligned, plain
from flux.annexe.verification.lieux import Ecart, Lieu, Lieux, Nature
from flux.rendu.vue import Tableau


def differences(published: Page, expected: Page, lieux: Lieux) -> Iterator[Ecart]:
    """What differs, in the order of the document."""
    places = list(_places(expected.blocs, lieux))
    last = Lieu()
    for i, j in aligned(published.blocs, expected.blocs):
        said = None if i is None else published.blocs[i]
        meant = None if j is None else expected.blocs[j]
        section, tableau = places[j] if j is not None else (last.section, None)
        last = Lieu(section=section)
        if said == meant:
            continue
        if isinstance(said, tuple) and isinstance(meant, tuple):
            yield from _cells(said, meant, section, tableau, lieux)
        else:
            yield from _whole(said, meant, last)


def nb_figures(page: Page) -> int:
    """Sentences and cells that hold a number."""
    texts = (t for b in page.blocs for t in ([b] if isinstance(b, str) else [c for row in b for c in row]))
    return sum(any(c.isdigit() for c in text) for text in texts)


def _places(blocs: tuple[Bloc, ...], lieux: Lieux) -> Iterator[tuple[str, Tableau | None]]:
    """The section of each block, and the table of the annex that a grid lays out."""
    section, tableau = "", None
    for bloc in blocs:
        if isinstance(bloc, tuple):
            yield section, tableau if tableau is not None and _lays_out(bloc, tableau) else None
            continue
        section = bloc if bloc in lieux.sections else section
        tableau = lieux.tableaux.get(bloc, tableau)
        yield section, None


def _lays_out(grille: Grille, tableau: Tableau) -> bool:
    return bool(grille) and grille[0] == tuple(map(plain, tableau.cellules().entetes))


def _cells(
    said: Grille, meant: Grille, section: str, tableau: Tableau | None, lieux: Lieux
) -> Iterator[Ecart]:
    headings = meant[0] if meant else ()
    for i, j in aligned(said, meant):
        row = said[i] if i is not None else ()
        wanted = meant[j] if j is not None else ()
        if row == wanted:
            continue
        for a, b in aligned(row, wanted):
            old = row[a] if a is not None else None
            new = wanted[b] if b is not None else None
            if old == new:
                continue
            if tableau is not None and j and b is not None:
                lieu = lieux.cell(section, tableau, j - 1, b)
            else:
                lieu = Lieu(
                    section=section,
                    tableau=tableau.titre if tableau is not None else "",
                    ligne=(wanted or row)[0],
                    colonne=headings[b] if b is not None and b < len(headings) else "",
                )
            yield _ecart(old, new, lieu)


def _whole(said: Bloc | None, meant: Bloc | None, lieu: Lieu) -> Iterator[Ecart]:
    """A sentence changed, or one that stands on one side only; a whole table likewise."""
    if isinstance(said, str) and isinstance(meant, str):
        yield _ecart(said, meant, lieu)
        return
    if said is not None:
        yield Ecart(nature=Nature.EN_TROP, lieu=lieu, publie=_said(said))
    if meant is not None:
        yield Ecart(nature=Nature.ABSENT, lieu=lieu, refait=_said(meant))


def _ecart(old: str | None, new: str | None, lieu: Lieu) -> Ecart:
    if old is None or new is None:
        nature = Nature.ABSENT if old is None else Nature.EN_TROP
    else:
        nature = Nature.CHIFFRE if any(c.isdigit() for c in old + new) else Nature.TEXTE
    return Ecart(nature=nature, lieu=lieu, publie=old or "", refait=new or "")


def _said(bloc: Bloc) -> str:
    return bloc if isinstance(bloc, str) else f"tableau de {len(bloc)} lignes"
