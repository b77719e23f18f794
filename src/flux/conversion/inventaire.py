"""The rights of a year as tables, made when they are asked for: a register can hold 300,000 rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from flux.conversion.assiette import Classement
from flux.conversion.droits import Droits
from flux.conversion.echeances import expiries
from flux.conversion.etat_des_lieux import rights_inventory, stock_exceptions
from flux.dossier import Dossier
from flux.loi import Regles


@dataclass(frozen=True)
class Inventaire:
    """What a conversion knows of the rights, and the tables that show it."""

    dossier: Dossier
    regles: Regles
    classement: Classement
    droits: Droits

    @cached_property
    def etat_des_lieux(self) -> pd.DataFrame:
        """See `rights_inventory`."""
        return rights_inventory(self.dossier, self.classement, self.droits)

    @cached_property
    def exceptions_stock(self) -> pd.DataFrame:
        """See `stock_exceptions`."""
        return stock_exceptions(self.dossier, self.droits, self.etat_des_lieux)

    @cached_property
    def echeances(self) -> pd.DataFrame:
        """See `expiries`."""
        return expiries(self.dossier, self.regles)
