"""flux: la gestion en flux des réservations de logements sociaux.

The verbs, in order: `read_dossier`, `convert`, `allocate`, `draft_annexe`; `draft_bilan` reports a
past year, `project` gives the years ahead, `simulate` lives the switch from stock to flow, `replay`
lives the recorded years again, `mid_year` says what is likely on 31 December, `decomposition` why each
gains or loses; `lot` does many dossiers; `regles` is the law by date, `template` the workbook to fill in.
"""

from flux.allocation import Frontiere, Plan, allocate, frontier
from flux.annexe import Annexe, draft_annexe
from flux.annexe.verification import Verification, verify
from flux.bilan import Bilan, draft_bilan
from flux.compare import Comparaison, compare
from flux.conversion import Backtest, Quotas, backtest, convert, methode
from flux.conversion.projection import Projection, project
from flux.dossier import (
    Construction,
    Dossier,
    ParcRpls,
    PartitionRpls,
    Radiations,
    build_dossier,
    partition_rpls,
    read_dossier,
    read_rpls,
    read_sne_radiations,
)
from flux.dossier.modele import template
from flux.explore import Exploration, explore
from flux.loi import Regles, regles
from flux.lot import Agregat, Lot, Multipartite, lot, read_lot
from flux.noyau.errors import ConventionError, DataError, FluxError, RegleError, SolverError
from flux.simulation import (
    Bascule,
    Decomposition,
    MiAnnee,
    Rejeu,
    decomposition,
    mid_year,
    replay,
    simulate,
)

__all__ = [
    "template",
    "read_dossier",
    "read_rpls",
    "partition_rpls",
    "read_sne_radiations",
    "build_dossier",
    "regles",
    "convert",
    "project",
    "methode",
    "allocate",
    "simulate",
    "decomposition",
    "replay",
    "mid_year",
    "draft_annexe",
    "verify",
    "draft_bilan",
    "compare",
    "explore",
    "lot",
    "read_lot",
    "frontier",
    "backtest",
    "Dossier",
    "ParcRpls",
    "PartitionRpls",
    "Radiations",
    "Construction",
    "Regles",
    "Quotas",
    "Projection",
    "Plan",
    "Frontiere",
    "Bascule",
    "Decomposition",
    "Rejeu",
    "MiAnnee",
    "Annexe",
    "Verification",
    "Bilan",
    "Comparaison",
    "Exploration",
    "Lot",
    "Agregat",
    "Multipartite",
    "Backtest",
    "FluxError",
    "DataError",
    "RegleError",
    "ConventionError",
    "SolverError",
]
