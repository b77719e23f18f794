"""What people call holders, communes and rotation groups: trees are read by people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from flux.dossier import Dossier

BAILLEUR = "bailleur"


@dataclass(frozen=True)
class Noms:
    """Names of a dossier; what has none is called by its code."""

    dossier: Dossier

    @cached_property
    def _holders(self) -> Mapping[str, str]:
        table = self.dossier.reservataires
        return dict(zip(table["id_reservataire"].astype(str), table["nom"].astype(str), strict=True))

    @cached_property
    def communes(self) -> Mapping[str, str]:
        """Code -> name."""
        table = self.dossier.communes
        return dict(zip(table["commune"].astype(str), table["nom"].astype(str), strict=True))

    def de(self, ident: str) -> str:
        """A holder in quotation marks: "« Action Logement Services »"; the bailleur is one."""
        if ident == BAILLEUR:
            return f"« {self.dossier.convention.bailleur.nom} » (non réservé)"
        return f"« {self._holders.get(ident, ident)} »"

    def a(self, commune: str) -> str:
        """A commune."""
        return self.communes.get(commune, commune)

    def maille(self, groupe: str) -> str:
        """A rotation group, the code of its commune said by its name."""
        commune, point, rest = groupe.partition(" · ")
        return self.a(commune) + point + rest
