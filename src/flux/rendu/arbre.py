"""The tree of a figure as people read it: values, what was done, articles and cells of the files."""

from __future__ import annotations

import hashlib
import textwrap
from fractions import Fraction
from html import escape

from flux.noyau.provenance import Couleur, Figure, Source
from flux.rendu.glossaire import clean
from flux.rendu.nombres import decimal, entier, part

PROFONDEUR = 5
TERMES, TERMES_HTML = 8, 12
LARGEUR = 110
MOTS = {
    Couleur.LOI: "loi",
    Couleur.CONVENTION: "convention",
    Couleur.HYPOTHESE: "hypothèse",
    Couleur.DONNEE: "donnée",
    Couleur.CALCUL: "calcul",
}
SUR_HYPOTHESE = "calcul sur hypothèse"
_LIST = '<ul style="list-style:none;margin:0;padding-left:1.4em">'
#: What each word means, its ink and its paper: the word is always there, the contrast is above 7 to 1.
STYLES = {
    "loi": ("texte en vigueur à la date de la convention", "#0b3d91", "#eaf0fb"),
    "convention": ("choix ou stipulation des parties", "#5b2a86", "#f4ecfa"),
    "hypothèse": ("supposé, faute de donnée ou à titre d'essai", "#7a2e00", "#fdf0e4"),
    "donnée": ("lu dans un fichier du dossier", "#14532d", "#e9f6ed"),
    "calcul": ("déduit des lignes qu'il coiffe", "#333333", "#f2f2f2"),
    SUR_HYPOTHESE: ("calcul dont une entrée, plus bas, est une hypothèse", "#7a2e00", "#f2f2f2"),
}


def value(figure: Figure) -> str:
    """The value of a figure with its unit."""
    written, unit = _written(figure.valeur, figure.unite), figure.unite
    if unit.startswith("part"):
        return written + (f" {unit[5:]}" if unit != "part" else "")
    if unit == "par an":
        return f"{part(figure.valeur, 2)} par an"
    if unit == "rapport":
        return written
    few = abs(figure.valeur) < 2 and unit.isalpha()
    return f"{written} {unit.removesuffix('s') if few else unit}"


def texte(figure: Figure, *, profondeur: int | None = PROFONDEUR) -> str:
    """The tree as indented text, its legend and the files it was read in.

    Parameters
    ----------
    profondeur : levels shown under the figure; None shows them all.
    """
    reading = _Texte(figure, profondeur)
    lines = [
        *reading.lines,
        "",
        f"Légende : {' ; '.join(f'[{tag}] {sens}' for tag, sens in reading.legend)}.",
    ]
    if reading.cut:
        lines.append("[+] : il y a d'autres étapes dessous ; .texte(profondeur=None) les montre toutes.")
    return "\n".join([*lines, *(f"Fichier lu : {name}" for name in _files(reading.nodes))])


def html(figure: Figure) -> str:
    """The tree as nested lists that fold: whole, every text escaped, every colour with its word."""
    reading = _Html(figure)
    legend = " ".join(f"{_badge(tag)} {escape(sens)}" for tag, sens in reading.legend)
    files = "".join(f"<li>{escape(name)}</li>" for name in _files(reading.nodes))
    read = f"<details><summary>Fichiers lus</summary><ul>{files}</ul></details>" if files else ""
    return f'<div lang="fr">{reading.body}<p style="font-size:90%">{legend}</p>{read}</div>'


class _Lecture:
    """A proof by ranks, and the word of each figure."""

    def __init__(self, figure: Figure) -> None:
        proof = figure.proof()
        self.nodes = [f for f, _ in proof]
        self.inputs = [places for _, places in proof]
        supposed: list[bool] = []
        for f, places in proof:
            supposed.append(f.couleur is Couleur.HYPOTHESE or any(supposed[k] for k in places))
        self.tags = [
            SUR_HYPOTHESE if guess and f.couleur is Couleur.CALCUL else MOTS[f.couleur]
            for f, guess in zip(self.nodes, supposed, strict=True)
        ]
        self._said: set[str] = set()

    def choices(self, rank: int) -> list[str]:
        """Choices of the parties, each said once in a reading."""
        new = [said for said in self.nodes[rank].choix if said not in self._said]
        self._said |= set(new)
        return new

    @property
    def root(self) -> int:
        """The rank of the figure asked."""
        return len(self.nodes) - 1

    @property
    def legend(self) -> list[tuple[str, str]]:
        """The words used, and what they mean."""
        used = {*self.tags, *(MOTS[Couleur.CONVENTION] for f in self.nodes if f.choix)}
        return [(tag, sens) for tag, (sens, _, _) in STYLES.items() if tag in used]

    def shown(self, rank: int) -> list[int]:
        """The inputs that a reader follows, each once."""
        places = self.inputs[rank]
        return list(dict.fromkeys(places[: len(places) - self.nodes[rank].contexte]))

    def context(self, rank: int) -> list[Figure]:
        """What is only compared with, each once."""
        places = self.inputs[rank][len(self.inputs[rank]) - self.nodes[rank].contexte :]
        shown = set(self.shown(rank))
        return (
            [self.nodes[k] for k in dict.fromkeys(places) if k not in shown]
            if self.nodes[rank].contexte
            else []
        )

    def how(self, rank: int) -> str:
        """What was done, with its amounts where they are few."""
        figure = self.nodes[rank]
        terms = [self.nodes[k] for k in self.inputs[rank][: len(self.inputs[rank]) - figure.contexte]]
        few = " ; ".join(_bare(f) for f in terms) if len(terms) <= 3 and not figure.contexte else ""
        if not figure.signe:
            said = figure.calcul + (f" (de {few})" if few and figure.calcul else "")
        elif few and len(terms) > 1:
            said = f"= {_bare(terms[0])}" + "".join(_signed(figure.signe, f) for f in terms[1:])
        else:
            said = "" if len(terms) < 2 else figure.calcul
            said += f" de {len(terms)} termes" if said == "somme" else ""
        return " ; ".join(t for t in (said, figure.article or "") if t)

    def rest(self, hidden: list[int]) -> str:
        """Terms left out, with their sum where it means something."""
        figures = [self.nodes[k] for k in hidden]
        units = {f.unite for f in figures}
        total = sum((f.valeur for f in figures), Fraction(0))
        amount = f", ensemble {_amount(total, units.pop())}" if len(units) == 1 else ""
        return f"… et {len(hidden)} autres termes{amount}"


class _Texte(_Lecture):
    """The lines of the text; what was detailed above is referred to by its number."""

    def __init__(self, figure: Figure, profondeur: int | None) -> None:
        super().__init__(figure)
        self.profondeur, self.cut = profondeur, False
        self.lines: list[str] = []
        self._line: dict[int, int] = {}
        self._number: dict[int, int] = {}
        self._leaves: set[int] = set()
        self._write(self.root, 0)

    def _write(self, rank: int, depth: int, *, folded: bool = False) -> None:
        """One figure and what is under it; of a long sum only the first term is unfolded: they are alike."""
        figure, pad = self.nodes[rank], "  " * depth
        line = f"{pad}{clean(figure.nom)} : {value(figure)} [{self.tags[rank]}]"
        if rank in self._line and self.inputs[rank]:
            self.lines.append(f"{line}   (voir plus haut, n° {self._refer(rank)})")
            return
        inline = "" if self.profondeur is None else self._inline(rank)
        children = [] if inline else self.shown(rank)
        beyond = bool(children) and (folded or (self.profondeur is not None and depth >= self.profondeur))
        self.cut |= beyond
        self.lines.append(line + (" [+]" if beyond else ""))
        if not beyond:
            self._line[rank] = len(self.lines) - 1
        details = [f"→ {note}" for note in figure.notes]
        if self._leaf_seen(rank):
            return
        details += [f"[{MOTS[Couleur.CONVENTION]}] {said}" for said in self.choices(rank)]
        details += [self.how(rank), inline, _source(figure.source)]
        if context := self.context(rank):
            details.append(
                f"parmi {len(context)} autres chiffres du même calcul (preuve entière : .to_dict())"
            )
        for detail in (text for text in details if text):
            self.lines += textwrap.wrap(
                clean(detail),
                max(LARGEUR, len(pad) + 60),
                initial_indent=f"{pad}    ",
                subsequent_indent=f"{pad}      ",
            )
        if beyond:
            return
        kept, hidden = children[:TERMES], children[TERMES:]
        if len(hidden) == 1 or self.profondeur is None:
            kept, hidden = children, []
        alike = figure.signe == "+" and len(children) > 3 and self.profondeur is not None
        for place, k in enumerate(kept):
            self._write(k, depth + 1, folded=alike and place > 0)
        if hidden:
            self.lines.append(f"{pad}  {self.rest(hidden)}")

    def _leaf_seen(self, rank: int) -> bool:
        """True from the second time that a leaf is met: where it was read is said once."""
        seen = rank in self._leaves
        if not self.inputs[rank]:
            self._leaves.add(rank)
        return seen

    def _inline(self, rank: int) -> str:
        """A sum of counts read in one file, in one line."""
        terms = [self.nodes[k] for k in self.inputs[rank]]
        files = {t.source.fichier if t.source else None for t in terms}
        if self.nodes[rank].signe != "+" or len(terms) < 4 or None in files or len(files) > 1:
            return ""
        return f"lus dans {files.pop()} : {_listed(terms, 4)}"

    def _refer(self, rank: int) -> int:
        """The number of a figure, written where it was detailed when it is first referred to."""
        if rank not in self._number:
            self._number[rank] = len(self._number) + 1
            self.lines[self._line[rank]] += f"   (n° {self._number[rank]})"
        return self._number[rank]


class _Html(_Lecture):
    """The nested lists; what was detailed above is a link to it."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(figure)
        said = "|".join(f"{f.nom}={f.valeur}" for f in (figure, *figure.entrees[:3]))
        self._name = hashlib.sha256(said.encode()).hexdigest()[:8]
        uses = [0] * len(self.nodes)
        for rank in range(len(self.nodes)):
            for k in self.shown(rank):
                uses[k] += 1
        self._repeated = {k for k, n in enumerate(uses) if n > 1 and self.inputs[k]}
        self._seen: set[int] = set()
        self.body = self._write(self.root, True)

    def _write(self, rank: int, opened: bool) -> str:
        figure = self.nodes[rank]
        head = f"{escape(clean(figure.nom))} : <b>{escape(value(figure))}</b> {_badge(self.tags[rank])}"
        anchor = f"{self._name}-{rank}"
        if rank in self._seen and self.inputs[rank]:
            return f'<div>{head} <a href="#{anchor}">détaillé plus haut</a></div>'
        self._seen.add(rank)
        named = f' id="{anchor}"' if rank in self._repeated else ""
        details = [self.how(rank), _source(figure.source)]
        small = "".join(f"<br><small>{escape(t)}</small>" for t in details if t)
        notes = "".join(f"<li><em>{escape(note)}</em></li>" for note in figure.notes)
        mark = _badge(MOTS[Couleur.CONVENTION])
        notes += "".join(f"<li>{mark} {escape(said)}</li>" for said in self.choices(rank))
        children = self.shown(rank)
        if not children and not notes:
            return f"<div{named}>{head}{small}</div>"
        kept, hidden = children[:TERMES_HTML], children[TERMES_HTML:]
        inner = notes + "".join(f"<li>{self._write(k, False)}</li>" for k in kept)
        inner += f"<li>{escape(self.rest(hidden))}</li>" if hidden else ""
        inner += self._compared(rank)
        state = " open" if opened else ""
        return f"<details{named}{state}><summary>{head}{small}</summary>{_LIST}{inner}</ul></details>"

    def _compared(self, rank: int) -> str:
        """The other figures of the same computation, folded."""
        context = self.context(rank)
        if not context:
            return ""
        lines = "".join(f"<li>{escape(f'{f.nom} : {value(f)}')}</li>" for f in context[:TERMES_HTML])
        beyond = len(context) - TERMES_HTML
        lines += f"<li>… et {beyond} autres</li>" if beyond > 0 else ""
        title = f"les {len(context)} autres chiffres du même calcul"
        return f"<li><details><summary>{title}</summary>{_LIST}{lines}</ul></details></li>"


def _badge(tag: str) -> str:
    _, ink, paper = STYLES[tag]
    style = (
        f"color:{ink};background:{paper};border:1px solid {ink};border-radius:3px;padding:0 4px;font-size:80%"
    )
    return f'<span style="{style}">{escape(tag)}</span>'


def _listed(figures: list[Figure], most: int) -> str:
    """Figures in a sentence, those that a line cannot carry counted."""
    some = ", ".join(f"{f.nom} {_bare(f)}" for f in figures[:most])
    return some + (f" et {len(figures) - most} autres" if len(figures) > most else "")


def _bare(figure: Figure) -> str:
    """A value without its unit, as in a formula."""
    return value(figure) if figure.unite in ("par an", "part") else _written(figure.valeur, figure.unite)


def _signed(sign: str, figure: Figure) -> str:
    """A term after its sign; what is added and negative is taken away."""
    if sign == "+" and figure.valeur < 0:
        return f" − {_written(-figure.valeur, figure.unite)}"
    return f" {sign} {_bare(figure)}"


def _written(number: Fraction, unit: str) -> str:
    if unit.startswith("part"):
        return part(number, 2)
    if unit == "rapport":
        return decimal(number, 6)
    return entier(number) if number.denominator == 1 else decimal(number, 4)


def _amount(number: Fraction, unit: str) -> str:
    return value(Figure(valeur=number, nom="", unite=unit))


def _source(source: Source | None) -> str:
    """Where a leaf was read: file, sheet, column, filter, lines; the hash is said once, at the end."""
    if source is None:
        return ""
    places = [
        source.fichier,
        source.feuille and f"feuille « {source.feuille} »",
        source.colonne and f"colonne « {source.colonne} »",
        source.filtre,
    ]
    lines = ""
    if source.nb_lignes:
        lines = f" : {entier(source.nb_lignes)} ligne{'s' if source.nb_lignes > 1 else ''} ({source.lignes})"
    return "lu dans " + ", ".join(p for p in places if p) + lines


def _files(nodes: list[Figure]) -> list[str]:
    """Every file of a proof, with the hash that names its content."""
    read = {(f.source.fichier, f.source.sha256) for f in nodes if f.source}
    return [f"{name}, sha256 {sha}" if sha else name for name, sha in sorted(read, key=str)]
