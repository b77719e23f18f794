"""flux: la gestion en flux des réservations de logements sociaux.

The verbs, in order: `read_dossier`, `convert`, `allocate`, `draft_annexe`; `regles` is the law by date.
"""

from flux.conversion import Quotas, convert
from flux.dossier import Dossier, read_dossier
from flux.loi import Regles, regles
from flux.noyau.errors import ConventionError, DataError, FluxError, RegleError, SolverError

__all__ = [
    "ConventionError",
    "DataError",
    "Dossier",
    "FluxError",
    "Quotas",
    "RegleError",
    "Regles",
    "SolverError",
    "convert",
    "read_dossier",
    "regles",
]
