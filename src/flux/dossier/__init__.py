"""What comes in: the tables and the convention of a bailleur, read, checked and frozen."""

from flux.dossier.dossier import Dossier
from flux.dossier.lecture import Examen, examine, read_dossier

__all__ = ["Dossier", "Examen", "examine", "read_dossier"]
