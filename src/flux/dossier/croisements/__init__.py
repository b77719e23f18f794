"""One table against another where nothing is fatal: what is strange, without effect, or worth knowing.

`controles` refuses what cannot be used; here all can be used, and is said. Each finding is one anomaly for
all the lines alike, graded "a_verifier" or "information", with a stable code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flux.dossier.contexte import Contexte
from flux.dossier.croisements.contingents import contingents_et_registre
from flux.dossier.croisements.droits import (
    droits_a_venir,
    droits_sans_effet,
    droits_termines,
    garanties_sans_remboursement,
    soldes_sans_droit,
)
from flux.dossier.croisements.mouvements import (
    baux_hors_presence,
    premieres_locations_repetees,
    relocations_trop_nombreuses,
)
from flux.dossier.croisements.parc import (
    demande_sans_logement,
    livraisons_de_l_annee,
    livraisons_deja_au_parc,
    logements_en_double,
    sorties_sans_date,
)
from flux.noyau.errors import Anomalie

CROISEMENTS: tuple[Callable[[Contexte], Iterable[Anomalie]], ...] = (
    logements_en_double,
    sorties_sans_date,
    contingents_et_registre,
    droits_sans_effet,
    droits_termines,
    droits_a_venir,
    garanties_sans_remboursement,
    soldes_sans_droit,
    baux_hors_presence,
    premieres_locations_repetees,
    relocations_trop_nombreuses,
    livraisons_deja_au_parc,
    livraisons_de_l_annee,
    demande_sans_logement,
)
