"""Linear programmes as sparse rows, solved stage after stage, proven optimal or `SolverError`.

The one package that knows PuLP and HiGHS. Columns and rows are sorted by their canonical names before
they reach the solver, so that the order in which they were written changes nothing.
"""

from flux.noyau.solveur.etapes import Etape, Solution, Voie, solve
from flux.noyau.solveur.moteur import Limite
from flux.noyau.solveur.programme import Builder, Floats, Ints, Programme, generic_costs
from flux.noyau.solveur.textes import model_text

__all__ = ["Builder", "Etape", "Floats", "Ints", "Limite", "Programme", "Solution", "Voie", "generic_costs",
           "model_text", "solve"]
