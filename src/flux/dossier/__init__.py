"""What comes in: the tables and the convention of a bailleur, read, checked and frozen."""

from flux.dossier.construction import Construction, build_dossier
from flux.dossier.dossier import Dossier
from flux.dossier.lecture import Examen, examine, read_dossier
from flux.dossier.rpls import ParcRpls, PartitionRpls, partition_rpls, read_rpls, recouper
from flux.dossier.sne import Radiations, read_sne_radiations

__all__ = [
    "Construction",
    "Dossier",
    "Examen",
    "ParcRpls",
    "PartitionRpls",
    "Radiations",
    "build_dossier",
    "examine",
    "partition_rpls",
    "read_dossier",
    "read_rpls",
    "read_sne_radiations",
    "recouper",
]
