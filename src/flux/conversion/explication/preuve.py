"""What an explanation needs: the steps of a conversion, kept as they were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from flux.conversion.arrondi import Arrondi, Plafond
from flux.conversion.assiette import Classement
from flux.conversion.comptes import Ouverture
from flux.conversion.droits import Droits
from flux.conversion.dus import Dus
from flux.conversion.feuilles import Feuilles
from flux.conversion.garanties import Garanties
from flux.conversion.groupes import Cellule
from flux.conversion.matrice import Case
from flux.conversion.methodes import Poids
from flux.conversion.noms import Noms
from flux.conversion.rotation import Rotation
from flux.dossier import Dossier
from flux.noyau.provenance import Figure


@dataclass(frozen=True, eq=False)
class Preuve:
    """Figures and exact values of one conversion.

    soldes : balance of each holder when the year opens
    quota_exact : what is rounded, before what its guarantees pass a ceiling by is kept out
    comptes : cells whose account is pooled, with the territory of the pool
    cibles : exact values from which the matrix by commune was rounded
    cases : the matrix, in and out of QPV
    perdus : what the ceilings refused for good, by holder
    """

    dossier: Dossier
    classement: Classement
    rotation: Rotation
    droits: Droits
    feuilles: Feuilles
    poids: Poids
    dus: Dus
    ouverture: Ouverture
    soldes: Mapping[str, Fraction]
    quota_exact: Mapping[str, Fraction]
    comptes: Mapping[tuple[str, str], str]
    garanties: Garanties
    plafonds: tuple[Plafond, ...]
    arrondi: Arrondi
    cibles: Mapping[Cellule, Fraction]
    cases: Mapping[Case, int]
    perdus: Mapping[str, Fraction]

    @cached_property
    def faites(self) -> dict[int, tuple[Plafond, Figure]]:
        """Ceilings already told as figures: every quota that one bounds asks for it again."""
        return {}

    @property
    def retenues(self) -> Mapping[str, Fraction]:
        """What the guarantees of each holder pass a ceiling by."""
        return self.garanties.retenues

    @property
    def noms(self) -> Noms:
        """What people call holders and communes."""
        return self.feuilles.liberations.noms
