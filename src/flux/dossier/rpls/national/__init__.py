"""National files: any layout of the RPLS as parquet, one folder a landlord in a département."""

from flux.dossier.rpls.national.decoupage import partition_rpls
from flux.dossier.rpls.national.partition import PartitionRpls

__all__ = ["PartitionRpls", "partition_rpls"]
