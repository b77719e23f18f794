"""Published figures that the samples imitate, each with its source.

Figures marked "hypothesis" were found nowhere; they are plausible, and only the samples use them.
"""

from __future__ import annotations

# Typologies in QPV and outside, France, 1 January 2019: RPLS (SDES), counts by commune, rooms and QPV.
TYPOLOGIES = {
    True: {"T1": 0.052, "T2": 0.175, "T3": 0.376, "T4": 0.305, "T5+": 0.092},
    False: {"T1": 0.076, "T2": 0.200, "T3": 0.367, "T4": 0.280, "T5+": 0.077},
}

# Construction periods (first and last year) in QPV and outside: same source; the last one stretched to 2024.
PERIODES = {
    True: {(1930, 1948): 0.051, (1949, 1959): 0.099, (1960, 1969): 0.325, (1970, 1976): 0.261,
           (1977, 1989): 0.125, (1990, 1999): 0.052, (2000, 2009): 0.036, (2010, 2024): 0.051},
    False: {(1930, 1948): 0.065, (1949, 1959): 0.072, (1960, 1969): 0.127, (1970, 1976): 0.108,
            (1977, 1989): 0.182, (1990, 1999): 0.149, (2000, 2009): 0.122, (2010, 2024): 0.175},
}

# Stock in QPV: 30 % (USH, 2024).
PART_QPV = 0.30

# Financing of programmes since 1990. PLUS 60 % of new dwellings (SDES, 2016); PLAI and PLS: hypothesis.
# Earlier ones are PLUS: HLM/O, PLR and PLA are grouped with it.
FINANCEMENTS = {"PLUS": 0.60, "PLAI": 0.25, "PLS": 0.15}
PART_DEUX_FINANCEMENTS = 0.50  # PLUS programmes since 1990 that also hold PLAI: hypothesis
PART_PLAI_MIXTE = 0.30  # PLAI of a programme of two financings: hypothesis

# Occupation (RPLS MODE): awaiting works or demolition, associations, staff (SDES, 1 January 2017); vacant
# 2.73 % (Caisse des Dépôts, RPLS 1 January 2021).
OCCUPATIONS = {1: 0.9286, 2: 0.0273, 3: 0.0195, 4: 0.0074, 5: 0.0172}

# Sales: 9,000 to 11,000 a year for 4.9 million dwellings (SDES, 2015-2018).
TAUX_VENTE = 0.002

# m² (hypothesis) and € per m² and month (Caisse des Dépôts, RPLS 1 January 2021, metropolitan France).
SURFACES = {"T1": 30, "T2": 46, "T3": 64, "T4": 80, "T5+": 96}
LOYER_M2_EUR = 6.02

# Turnover: T1 twice T5+ (ANCOLS, about 2018; those between: hypothesis); outside QPV 1.15 times QPV (ANCOLS
# 2019, 67 % of the stock and 70 % of the dwellings freed); level: 9.3 % outside new dwellings (SDES, 2018).
TAUX_ROTATION = 0.093
ROTATION_TYPOLOGIE = {"T1": 2.0, "T2": 1.6, "T3": 1.35, "T4": 1.15, "T5+": 1.0}
ROTATION_HORS_QPV = 1.15

# Natures of the leases. Mutations: 27 % of attributions (ANCOLS, 2022); relogements: hypothesis.
NATURES = {
    True: {"mutation": 0.27, "relogement_ru": 0.06, "relogement_lhi": 0.004, "relogement_vente": 0.002},
    False: {"mutation": 0.27, "relogement_ru": 0.02, "relogement_lhi": 0.004, "relogement_vente": 0.004},
}

# Split of a programme: Action Logement 40, State 30 of which at most 5 agents, communes 20 (Île-de-France:
# Fosses, Versailles).
PART_ACTION_LOGEMENT = 0.40
PART_ETAT_PRIORITAIRES = 0.25
PART_ETAT_AGENTS = 0.05
PART_ETAT = PART_ETAT_PRIORITAIRES + PART_ETAT_AGENTS
PART_GARANTIE = 0.20
PART_FONCIER = 0.05  # land given by the commune: hypothesis
PART_DEPARTEMENT = 0.03  # hypothesis
# Programmes that hold such rights, among those they concern: hypotheses.
FREQUENCE_ACTION_LOGEMENT = 0.85
FREQUENCE_FONCIER = 0.10
FREQUENCE_DEPARTEMENT = 0.50
DUREES_PRET = (35, 45)  # years from first letting to full repayment of the guaranteed loan: hypothesis
PROLONGATION = 5  # years that the right outlives the loan: CCH, art. R. 441-6
DUREE_PEEC = 65  # years of an Action Logement contract: hypothesis

# Priorities of the households housed: DALO 5.6 % (HCDL, 2022), all priority households 30.1 % (DRIHL,
# Hauts-de-Seine 2023), most of them on the State's quota (ministry: 83 % of the DALO effort).
PRIORITES = {
    "etat_prioritaires": {"dalo": 0.22, "prioritaire": 0.78},
    "autres": {"dalo": 0.011, "prioritaire": 0.097, "autre": 0.892},
}
# First quartile: 18 % of attributions outside QPV (URH Hauts-de-France, 2021); in QPV: hypothesis.
QUARTILES = {
    True: {"q1": 0.38, "q234": 0.59, "inconnu": 0.03},
    False: {"q1": 0.18, "q234": 0.79, "inconnu": 0.03},
}

# What becomes of an orientation, before the one that is let: hypotheses. Days before the lease of a first
# orientation that fails, of the one that succeeds, of the proposition, of the attribution: hypotheses.
ISSUES = {"aucune": 0.80, "sans_candidat": 0.06, "refus_candidat": 0.12, "refus_caleol": 0.02}
DELAIS = (80, 50, 35, 18)

# Demand: 5.4 applicants for an attribution (Lille metropolis, 2022); half of first-time applicants in the
# first quartile (Indecosa, 2019); one in two single (Hauts-de-Seine, 2022), hence small sizes; priorities:
# hypothesis.
DEMANDES_PAR_ATTRIBUTION = 5.4
DEMANDE_TYPOLOGIES = {"T1": 0.20, "T2": 0.33, "T3": 0.26, "T4": 0.15, "T5+": 0.06}
DEMANDE_PRIORITES = {"dalo": 0.03, "prioritaire": 0.17, "autre": 0.80}
DEMANDE_QUARTILES = {"q1": 0.50, "q234": 0.50}
