"""Why this figure: its tree, down to the cells of the files and the articles."""

from flux.conversion.explication.entiers import ETAT
from flux.conversion.explication.explication import Explication
from flux.conversion.explication.preuve import Preuve
from flux.conversion.explication.questions import explain

__all__ = ["ETAT", "Explication", "Preuve", "explain"]
