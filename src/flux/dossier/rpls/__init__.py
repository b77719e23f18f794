"""The RPLS: a bailleur's declared stock, in any of the layouts in which it circulates."""

from flux.dossier.rpls.contingents import recouper
from flux.dossier.rpls.lecture import read_rpls
from flux.dossier.rpls.national import PartitionRpls, partition_rpls
from flux.dossier.rpls.parc import ParcRpls

__all__ = ["ParcRpls", "PartitionRpls", "partition_rpls", "read_rpls", "recouper"]
