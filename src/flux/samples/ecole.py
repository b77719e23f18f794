"""`cas-ecole`: 1,000 dwellings of one commune, whose every figure can be followed with a pencil.

Every hundred dwellings hold the same typologies and the same rights (5 agents, 25 State priority,
35 Action Logement, 15 commune, 2 département, 18 unreserved), so that each programme is as reserved
as the whole. Three years of relettings, 75, 71 and 73, make a turnover of 219 / 3,000 = 7.3 %: 73
dwellings freed, 20 subtracted, 53 to share.
"""

from __future__ import annotations

import datetime

from flux.samples.rights import RESERVATAIRES, departmental
from flux.samples.tables import Tables, frame

COMMUNE, EPCI, DEPARTEMENT, ANNEE = "00001", "000000001", "00", 2026

# programme, in QPV, financing, year of the first letting, hundreds of dwellings
PROGRAMMES = [
    ("Les Tilleuls", True, "PLUS", 1974, 3),
    ("Le Pré long", False, "PLUS", 1988, 1),
    ("Les Remparts", False, "PLUS", 1995, 2),
    ("Le Lavoir", False, "PLUS", 2003, 2),
    ("La Gare", False, "PLAI", 2011, 2),
]
TYPOLOGIES = {"T1": 10, "T2": 24, "T3": 36, "T4": 22, "T5+": 8}  # in a hundred dwellings
DROITS = {  # holder: rights in a hundred dwellings, what they were given for
    "etat_agents": (5, "legal"),
    "etat_prioritaires": (25, "legal"),
    "action_logement": (35, "peec"),
    "commune": (15, "garantie"),
    "departement": (2, "financement"),
}
# Relettings of 2023, 2024, 2025. T1 turn over twice as fast as T5+, dwellings outside QPV 1.14 times as
# fast as those in QPV (see `calibration`).
RELOCATIONS = {
    (True, "PLUS"): {"T1": (3, 2, 3), "T2": (6, 5, 5), "T3": (7, 7, 7), "T4": (4, 4, 4), "T5+": (1, 1, 1)},
    (False, "PLUS"): {"T1": (6, 5, 5), "T2": (10, 10, 10), "T3": (13, 13, 14), "T4": (8, 7, 7),
                      "T5+": (2, 2, 2)},
    (False, "PLAI"): {"T1": (2, 2, 2), "T2": (4, 4, 4), "T3": (5, 6, 5), "T4": (3, 2, 3), "T5+": (1, 1, 1)},
}
SOUSTRACTIONS = {"mutation": 14, "relogement_ru": 4, "relogement_lhi": 1, "relogement_vente": 1}
# typologie: applicants (priorite, quartile) in the order of CRITERES; half are in the first quartile.
CRITERES = [("dalo", "q1"), ("dalo", "q234"), ("prioritaire", "q1"), ("prioritaire", "q234"),
            ("autre", "q1"), ("autre", "q234")]
DEMANDE = {"T1": (3, 1, 14, 8, 23, 31), "T2": (3, 1, 16, 10, 31, 39), "T3": (2, 1, 10, 7, 28, 32),
           "T4": (1, 1, 6, 4, 13, 15), "T5+": (1, 1, 3, 2, 6, 7)}


def cas_ecole() -> Tables:
    """The dossier of domain example 1: flow 53, dues 2.65, 13.25, 18.55, 7.95, 1.06 and 9.54."""
    dwellings = [
        (COMMUNE, qpv, typologie, financement, annee, annee, programme)
        for programme, qpv, financement, annee, hundreds in PROGRAMMES
        for typologie, nb in TYPOLOGIES.items()
        for _ in range(nb * hundreds)
    ]
    frames = {
        "logements": frame(
            ["id_logement", "commune", "qpv", "typologie", "financement", "annee_construction",
             "annee_mise_location", "programme"],
            [(f"L{n:04d}", *dwelling) for n, dwelling in enumerate(dwellings, start=1)]),
        "reservataires": frame(
            RESERVATAIRES,
            [*departmental(DEPARTEMENT),
             ("commune", "Commune de Bourg-l'École", "commune", "commune", COMMUNE, "deleguee")]),
        "reservations": frame(
            ["id_reservataire", "programme", "commune", "nb", "contrepartie"],
            [(holder, programme, COMMUNE, nb * hundreds, contrepartie)
             for holder, (nb, contrepartie) in DROITS.items()
             for programme, _, _, _, hundreds in PROGRAMMES]),
        "mouvements": frame(
            ["annee", "nature", "etape", "commune", "qpv", "typologie", "financement", "nb"],
            [(ANNEE - 3 + rank, "relocation", "bail", COMMUNE, qpv, typologie, financement, counts[rank])
             for rank in range(3)
             for (qpv, financement), by_typologie in RELOCATIONS.items()
             for typologie, counts in by_typologie.items()]),
        "soustractions": frame(
            ["annee", "categorie", "etat", "nb"],
            [(ANNEE, categorie, "previsionnel", nb) for categorie, nb in SOUSTRACTIONS.items()]),
        "territoires": frame(
            ["commune", "nom", "departement", "epci", "epci_nom", "obligation_25", "carencee", "zone_tendue"],
            [(COMMUNE, "Bourg-l'École", DEPARTEMENT, EPCI, "Communauté d'agglomération de l'École",
              True, False, False)]),
        "demande": frame(
            ["territoire_type", "territoire_code", "typologie", "priorite", "quartile", "nb"],
            [("epci", EPCI, typologie, priorite, quartile, nb)
             for typologie, counts in DEMANDE.items()
             for (priorite, quartile), nb in zip(CRITERES, counts, strict=True)]),
    }
    return Tables(nom="cas-ecole", frames=frames, convention={
        "bailleur": {"nom": "Habitat de l'École", "siren": "000000000", "departement": DEPARTEMENT,
                     "famille": "oph"},
        "convention": {"annee": ANNEE, "date": datetime.date(ANNEE, 1, 1)},
        "choix": {"methode": "parc"},
        "stipulations": {"part_etat": "registre"},
        "signataires": {"bailleur": "La directrice générale", "etat": "Le préfet"},
    })
