"""What people call holders, communes and rotation groups: trees are read by people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from flux.dossier import Dossier
from flux.rendu import glossaire

BAILLEUR = "bailleur"
ORIGINES = {"défaut": " (par défaut)", "python": " (donné à l'appel)"}


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

    def a(self, code: str) -> str:
        """A commune, an EPCI, or several communes together ("00101+00102")."""
        known = {**self._epci, **self.communes}
        return " + ".join(known.get(part, part) for part in code.split("+"))

    def choix(self, *cles: str) -> tuple[str, ...]:
        """Choices of the parties in sentences, and whether they wrote them."""
        convention, said = self.dossier.convention, []
        for cle in cles:
            value = glossaire.format(f"choix.{cle}", getattr(convention.choix, cle)).removesuffix(".")
            value += f" {unite}" if (unite := glossaire.terme(cle).unite) else ""
            origine = ORIGINES.get(convention.origines.get(cle, ""), "")
            said.append(f"{glossaire.libelle(cle)} – {value}{origine}.")
        return tuple(said)

    @cached_property
    def _epci(self) -> Mapping[str, str]:
        table = self.dossier.communes.dropna(subset=["epci", "epci_nom"])
        return dict(zip(table["epci"].astype(str), table["epci_nom"].astype(str), strict=True))

    def maille(self, groupe: str) -> str:
        """A rotation group, the code of its commune said by its name."""
        commune, point, rest = groupe.partition(" · ")
        return self.a(commune) + point + rest
