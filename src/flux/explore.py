"""The verb `explore`: choices tried with the mouse, in a notebook; a table where widgets do not run."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from importlib.util import find_spec
from typing import Any

from flux.allocation import allocate
from flux.compare import Comparaison, compare
from flux.conversion import Quotas, convert
from flux.dossier import Dossier
from flux.dossier.vocabulaire import Methode, PartEtat
from flux.loi import regles
from flux.noyau.errors import FluxError
from flux.rendu.vue import Affichable, Vue

__all__ = ["Exploration", "explore"]

DEPART = "dossier"
ESSAI = "essai"
OWN = ""
"""The option that keeps the dossier's: a list whose value is None shows nothing selected."""
SANS_WIDGETS = (
    "Les choix ne se changent à la souris que dans un carnet Jupyter, avec ipywidgets "
    '(pip install "gestion-en-flux[explore]") : voici ce que chaque choix donnerait.'
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Exploration(Affichable):
    """A dossier whose choices are tried: a panel where widgets run, else the choices side by side.

    Attributes
    ----------
    depart : the quotas of the dossier as it is, to which each trial is compared.
    """

    depart: Quotas
    _panneau: list[Any] = field(default_factory=list)

    def essai(
        self,
        *,
        methode: str | None = None,
        part_etat: float | str | None = None,
        date: str | datetime.date | None = None,
        tolerance: float | None = None,
    ) -> Comparaison:
        """What other choices give, beside the dossier's own: what the panel calls.

        Parameters
        ----------
        methode, part_etat : see `Choix`, `Stipulations`; None leaves the dossier's.
        date : of the law, None for the dossier's.
        tolerance : stipulation `tolerance_equite`, in [0, 1]; it changes the plan, so both plans are made.

        Raises
        ------
        FluxError
            As `convert`, and `allocate` with a tolerance.
        """
        dossier = self.depart.dossier
        if methode is not None:
            dossier = dossier.with_choix(methode=methode)
        stipulations = {"part_etat": part_etat, "tolerance_equite": tolerance}
        if given := {name: value for name, value in stipulations.items() if value is not None}:
            dossier = dossier.with_stipulations(**given)
        essai = convert(dossier, regles=regles(date) if date is not None else self.depart.regles)
        if tolerance is None:
            return compare(**{DEPART: self.depart, ESSAI: essai})
        plans = {DEPART: allocate(self.depart, couts=False), ESSAI: allocate(essai, couts=False)}
        return compare(**plans)

    def vue(self) -> Vue:
        """The methods and the State's share side by side."""
        others = {str(m): self.depart.dossier.with_choix(methode=m)
                  for m in Methode if m != self.depart.dossier.convention.choix.methode}
        others["etat_legale"] = self.depart.dossier.with_stipulations(part_etat=PartEtat.LEGALE)
        scenarios = {name: convert(d, regles=self.depart.regles) for name, d in others.items()}
        seen = compare(**{DEPART: self.depart, **scenarios}).vue()
        return Vue(titre=f"Choix de « {self.depart.dossier.nom} » côte à côte",
                   notes=(SANS_WIDGETS, *seen.notes), tableaux=seen.tableaux)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, Any]:
        """The panel for those who can show it, the table for all the others."""
        shown: dict[str, Any] = {"text/plain": repr(self), "text/html": self._repr_html_()}
        if find_spec("ipywidgets") is not None:
            shown |= self.panneau._repr_mimebundle_(include=include, exclude=exclude)
            shown["text/html"] = self._repr_html_()
        return shown

    @property
    def panneau(self) -> Any:
        """The panel, an ipywidgets box, made once.

        Raises
        ------
        FluxError
            Code "explore.ipywidgets": ipywidgets is not installed.
        """
        if find_spec("ipywidgets") is None:
            raise FluxError(SANS_WIDGETS, code="explore.ipywidgets")
        if not self._panneau:
            self._panneau.append(_panel(self.essai, self.depart))
        return self._panneau[0]


def explore(dossier: Dossier) -> Exploration:
    """Try choices on a dossier: method, State's share, date of the law, tolerance of equity.

    Each change redraws who gains and who loses against the dossier as it is. With a tolerance, the
    orientation plan is made again too, and the objectives with it. Nothing is written.

    Raises
    ------
    FluxError
        As `convert`.
    """
    return Exploration(depart=convert(dossier))


def _panel(essai: Callable[..., Comparaison], depart: Quotas) -> Any:
    """Four choices, and what they give below; a refusal is shown as it is."""
    import ipywidgets as w

    choix, stipulations = depart.dossier.convention.choix, depart.dossier.convention.stipulations
    own = stipulations.part_etat
    shape = {"style": {"description_width": "10em"}, "layout": {"width": "26em"}}
    methode = w.Dropdown(options=[m.value for m in Methode], value=str(choix.methode),
                         description="Méthode", **shape)
    part = w.Dropdown(options=[(_said(own), OWN), ("30 % (légale)", "legale"),
                               *((f"{k} %", k / 100) for k in range(20, 30, 2))],
                      value=OWN, description="Part de l'État", **shape)
    jour = w.DatePicker(value=depart.regles.date, description="Droit au", **shape)
    tolerance = w.Dropdown(options=[("sans plan", OWN), *((f"{k} %", k / 100) for k in (5, 10, 15, 20))],
                           value=OWN, description="Tolérance d'équité", **shape)
    sortie = w.HTML()

    def redraw(_: object = None) -> None:
        sortie.value = "<p>Calcul…</p>"
        try:
            found = essai(methode=methode.value, part_etat=part.value or None, date=jour.value,
                          tolerance=tolerance.value or None)
            sortie.value = found._repr_html_()
        except FluxError as error:
            sortie.value = f"<pre>{escape(str(error))}</pre>"

    for widget in (methode, part, jour, tolerance):
        widget.observe(redraw, names="value")
    redraw()
    return w.VBox([methode, part, jour, tolerance, sortie])


def _said(part: object) -> str:
    return "celle du registre" if part == PartEtat.REGISTRE else f"celle du dossier ({part})"

