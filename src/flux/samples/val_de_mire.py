"""`val-de-mire`: a bailleur of about 6,000 dwellings in fourteen communes that exist nowhere.

What a real register holds is there: guarantees whose loans are repaid, contracts that end, droits uniques,
dwellings reserved one by one and in stock mode, dwellings shared, sold, demolished, out of the base, a
programme delivered last year and two to come.
"""

from __future__ import annotations

import datetime
from collections import Counter

import numpy as np
import pandas as pd

from flux.samples import calibration as cal
from flux.samples.leases import HORS_FLUX, draw_demande, draw_mouvements, draw_suivi
from flux.samples.parc import Commune, Programme, draw_logements, draw_programmes, in_base, territoires
from flux.samples.rights import COLUMNS, RESERVATAIRES, Row, cell, departmental, draw_rights, right
from flux.samples.tables import Tables, frame

DEPARTEMENT, EPCI, EPCI_NOM, ANNEE = "00", "000000100", "Communauté d'agglomération du Val de Mire", 2026
PART_ETAT = 0.26  # of the stock: under the 30 % that the préfets are asked to tend to
TAUX_ROTATION = 0.095

COMMUNES = [
    Commune(code="00101", nom="Mire-la-Ville", nb=2900, part_qpv=0.48, garant="commune_00101",
            zone_tendue=True),
    Commune(code="00102", nom="Saint-Aubin-sur-Mire", nb=820, part_qpv=0.35, garant="commune_00102",
            zone_tendue=True),
    Commune(code="00103", nom="Montreuil-l'Abbaye", nb=540, garant="commune_00103", zone_tendue=True),
    Commune(code="00104", nom="Bréval-lès-Mire", nb=430, garant="commune_00104"),
    Commune(code="00105", nom="La Chapelle-d'Aunelle", nb=320, garant="commune_00105", carencee=True,
            zone_tendue=True),
    Commune(code="00106", nom="Étang-Neuf-sous-Bois", nb=260, garant="commune_00106"),
    Commune(code="00107", nom="Fontaine-aux-Chênes", nb=180, garant="epci"),
    # Its guarantees were given for more than the 20 % that the flow may carry: the cap shows.
    Commune(code="00108", nom="Saint-Georges-du-Bois-de-la-Haute-Vallée-de-Mire", garant="commune_00108",
            part_garantie=0.45),
    Commune(code="00109", nom="Pont-Brûlé", nb=110, garant="epci"),
    Commune(code="00110", nom="Les Essarts-Réunis", nb=90, garant="commune_00110"),
    Commune(code="00111", nom="Courcelles-Haute", garant="commune_00111"),
    Commune(code="00112", nom="Noyant-le-Petit", nb=45, garant="epci"),
    Commune(code="00113", nom="Vaux-Sainte-Croix", garant="commune_00113"),
    Commune(code="00114", nom="L'Hôpital-sous-Mire", nb=15),
]

DONNES = [  # programmes that are not drawn
    Programme(programme="P-00108-01", commune="00108", qpv=False, nb=50, annee=1992, financement="PLUS"),
    Programme(programme="P-00108-02", commune="00108", qpv=False, nb=40, annee=1999, financement="PLUS"),
    Programme(programme="P-00108-03", commune="00108", qpv=False, nb=30, annee=2012, financement="PLUS",
              second="PLAI", part_second=cal.PART_PLAI_MIXTE),
    Programme(programme="P-00111-01", commune="00111", qpv=False, nb=35, annee=1988, financement="PLUS"),
    Programme(programme="P-00111-02", commune="00111", qpv=False, nb=25, annee=2009, financement="PLAI"),
    Programme(programme="P-00113-01", commune="00113", qpv=False, nb=30, annee=2003, financement="PLUS"),
    Programme(programme="P-00101-PLI", commune="00101", qpv=False, nb=36, annee=2012, financement="PLI",
              nature="pli_lli"),
    Programme(programme="P-00101-FOYER", commune="00101", qpv=False, nb=44, annee=1978, financement="PLUS",
              nature="foyer"),
    Programme(programme="P-00102-2025", commune="00102", qpv=False, nb=28, annee=2025, financement="PLUS",
              second="PLAI", part_second=cal.PART_PLAI_MIXTE),
]
NB_DEMOLIS, DEMOLITION = 24, datetime.date(2024, 6, 30)

# programme, commune, date of service, dwellings by typology and financing; then its rights.
LIVRAISONS = [
    ("P-00101-2026", "00101", datetime.date(2026, 6, 15),
     {("T2", "PLUS"): 8, ("T3", "PLUS"): 10, ("T3", "PLAI"): 8, ("T4", "PLAI"): 6},
     {("etat_prioritaires", "legal"): 8, ("etat_agents", "legal"): 1, ("action_logement", "peec"): 13,
      ("commune_00101", "garantie"): 6, ("departement", "financement"): 1}),
    ("P-00104-2026", "00104", datetime.date(2026, 10, 1),
     {("T2", "PLUS"): 6, ("T3", "PLUS"): 8, ("T3", "PLAI"): 4},
     {("etat_prioritaires", "legal"): 4, ("etat_agents", "legal"): 1, ("action_logement", "peec"): 7,
      ("commune_00104", "garantie"): 4}),
]
PREVISIONS = [  # categorie, dwellings, commune, in QPV
    ("mutation", 22, "00101", True), ("mutation", 52, "00101", False), ("mutation", 6, "00102", True),
    ("mutation", 14, "00102", False), ("mutation", 52, None, None),
    ("relogement_ru", 3, "00101", True), ("relogement_ru", 9, "00101", False),
    ("relogement_ru", 4, "00102", False), ("relogement_lhi", 3, None, None),
    ("relogement_vente", 2, None, None), ("reprise_prefet", 1, "00101", False),
]
SOLDES = [  # id_reservataire, commune, balance
    ("*", None, 0.38), ("action_logement", "00101", 0.42), ("action_logement", "00102", -0.15),
    ("etat_prioritaires", "00101", -0.28), ("commune_00103", "00103", 0.37), ("departement", "00101", 0.31),
]


def val_de_mire(*, seed: int = 2026) -> Tables:
    """The dossier; the sample in `data/samples` is the one of the default seed."""
    rng = np.random.default_rng(seed)
    programmes = [*draw_programmes(rng, COMMUNES), *DONNES]
    logements = _demolish(draw_logements(rng, programmes, annee=ANNEE), programmes)
    one_by_one = _identified(logements, programmes)
    named = {cell(row, "id_logement") for row in one_by_one}
    uniques = _uniques(programmes)
    free = Counter(logements.loc[in_base(logements) & ~logements["id_logement"].isin(named), "programme"])
    for row in uniques:
        free[cell(row, "programme")] -= cell(row, "nb")
    drawn = draw_rights(rng, programmes, free, COMMUNES, part_etat=PART_ETAT, annee=ANNEE)
    suites = frame(COLUMNS, [*drawn, *one_by_one])
    mouvements = draw_mouvements(rng, logements, suites, annee=ANNEE, taux_rotation=TAUX_ROTATION)
    frames = {
        "logements": logements,
        "reservataires": _reservataires(),
        "reservations": pd.concat([suites, frame(COLUMNS, [*uniques, *_rights_to_come()])],
                                  ignore_index=True),
        # drawn apart, after the leases: what was drawn before it stays as it is
        "mouvements": pd.concat(
            [mouvements, draw_suivi(np.random.default_rng([seed, 1]), mouvements, annee=ANNEE - 1)],
            ignore_index=True),
        "soustractions": _soustractions(mouvements, logements),
        "livraisons": frame(
            ["programme", "commune", "qpv", "typologie", "financement", "date_mise_service", "nb"],
            [(programme, commune, False, typologie, financement, day, nb)
             for programme, commune, day, dwellings, _ in LIVRAISONS
             for (typologie, financement), nb in dwellings.items()]),
        "soldes": frame(["id_reservataire", "annee", "commune", "solde"],
                        [(holder, ANNEE - 1, commune, solde) for holder, commune, solde in SOLDES]),
        "territoires": territoires(COMMUNES, departement=DEPARTEMENT, epci=EPCI, epci_nom=EPCI_NOM),
        "demande": draw_demande(EPCI, round(cal.DEMANDES_PAR_ATTRIBUTION * TAUX_ROTATION * len(logements))),
    }
    return Tables(nom="val-de-mire", frames=frames, convention={
        "bailleur": {"nom": "Habitat du Val de Mire", "siren": "000000000", "departement": DEPARTEMENT,
                     "famille": "oph"},
        "convention": {"annee": ANNEE, "date": datetime.date(ANNEE, 1, 1)},
        "choix": {"methode": "parc", "segment_rotation": "commune_typologie", "fenetre_rotation": 3,
                  "regle_echeance": "vivant_au_1er_janvier", "premieres_locations": "a_part",
                  "droits_uniques": "reserves_d_abord"},
        "stipulations": {"part_etat": "registre", "etat_uniforme_par_commune": True},
        "signataires": {"bailleur": "La directrice générale de l'office", "etat": "Le préfet du département",
                        "action_logement": "Le directeur territorial", "epci": "La présidente"},
    })


def _demolish(logements: pd.DataFrame, programmes: list[Programme]) -> pd.DataFrame:
    """The last dwellings of the oldest large programme in QPV are demolished."""
    old = min((p for p in programmes if p.qpv and p.nb > 2 * NB_DEMOLIS),
              key=lambda p: (p.annee, p.programme))
    gone = logements.index[logements["programme"] == old.programme][-NB_DEMOLIS:]
    out = logements.copy()
    out.loc[gone, "date_sortie"] = pd.Timestamp(DEMOLITION)
    out.loc[gone, "motif_sortie"] = "demolition"
    return out


def _identified(logements: pd.DataFrame, programmes: list[Programme]) -> list[Row]:
    """Rights on dwellings known one by one: two holders in stock mode, an employer, two dwellings shared."""
    large = [p for p in programmes if p.commune == "00101" and not p.qpv and p.nb >= 50 and p not in DONNES]
    base = logements[in_base(logements)]
    hospital, defence, employer, shared = (
        base.loc[base["programme"] == p.programme, "id_logement"].head(nb).tolist()
        for p, nb in zip(large, (6, 8, 12, 2), strict=False))
    ends = [datetime.date(2025, 12, 31), datetime.date(2026, 6, 30), datetime.date(2031, 12, 31)]
    return [
        *(right(id_reservataire="hopital", id_logement=i, contrepartie="financement", mode="stock")
          for i in hospital),
        *(right(id_reservataire="defense", id_logement=i, contrepartie="financement", mode="stock")
          for i in defence),
        *(right(id_reservataire="employeur", id_logement=i, contrepartie="financement",
                date_fin=ends[rank % 3])
          for rank, i in enumerate(employer)),
        *(right(id_reservataire=holder, id_logement=i, contrepartie=contrepartie, part=0.5)
          for i in shared
          for holder, contrepartie in (("action_logement", "peec"), ("commune_00101", "foncier"))),
    ]


def _uniques(programmes: list[Programme]) -> list[Row]:
    """Droits uniques of Action Logement, this year and next."""
    first = next(p for p in programmes if p.commune == "00103")
    second = next(p for p in programmes if p.commune == "00101" and not p.qpv and p.nb >= 30)
    return [right(id_reservataire="action_logement", programme=p.programme, commune=p.commune, nb=nb,
                  type_droit="unique", annee_prevue=annee, contrepartie="peec")
            for p, nb, annee in ((first, 2, ANNEE), (second, 4, ANNEE), (second, 3, ANNEE + 1))]


def _rights_to_come() -> list[Row]:
    return [right(id_reservataire=holder, programme=programme, commune=commune, nb=nb,
                  contrepartie=contrepartie, date_debut=day)
            for programme, commune, day, _, rights in LIVRAISONS
            for (holder, contrepartie), nb in rights.items()]


def _reservataires() -> pd.DataFrame:
    departement = ("departement", DEPARTEMENT)
    return frame(RESERVATAIRES, [
        *departmental(DEPARTEMENT),
        ("epci", EPCI_NOM, "epci", "epci", EPCI, "deleguee"),
        *((c.garant, f"Commune : {c.nom}", "commune", "commune", c.code, "deleguee") for c in COMMUNES
          if c.garant not in (None, "epci")),
        ("employeur", "Manufacture du Val de Mire", "employeur", *departement, "directe"),
        ("hopital", "Centre hospitalier de Mire", "hopital", *departement, "directe"),
        ("defense", "Garnison de Mire-la-Ville", "defense_securite", *departement, "directe"),
    ])


def _soustractions(mouvements: pd.DataFrame, logements: pd.DataFrame) -> pd.DataFrame:
    """What is forecast for the year, and what was done the year before, which the leases confirm."""
    done = mouvements[mouvements["annee"].eq(ANNEE - 1) & mouvements["nature"].isin(HORS_FLUX)]
    located = done.merge(logements[["id_logement", "commune", "qpv"]])
    counts = located.groupby(["nature", "commune", "qpv"], as_index=False).size()
    return frame(["annee", "categorie", "etat", "nb", "commune", "qpv"], [
        *((ANNEE, categorie, "previsionnel", nb, commune, qpv) for categorie, nb, commune, qpv in PREVISIONS),
        *((ANNEE - 1, nature, "realise", nb, commune, qpv)
          for nature, commune, qpv, nb in counts.itertuples(index=False)),
    ])
