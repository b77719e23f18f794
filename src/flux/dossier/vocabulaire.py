"""The closed lists of the contract: one StrEnum a list, whose members also accept their exact string."""

from __future__ import annotations

from enum import StrEnum

BAILLEUR = "bailleur"
"""Reserved `id_reservataire`: the bailleur itself."""
ENSEMBLE = "*"
"""Reserved `id_reservataire`: nobody in particular, the carried F - F*."""


# ── bailleur ──────────────────────────────────────────────────────────────────────────────────────


class Famille(StrEnum):
    """Kind of bailleur."""

    OPH = "oph"
    ESH = "esh"
    COOP = "coop"
    SEM = "sem"
    MOI = "moi"


# ── logements ─────────────────────────────────────────────────────────────────────────────────────


class Typologie(StrEnum):
    """Size of a dwelling, in rooms."""

    T1 = "T1"
    T2 = "T2"
    T3 = "T3"
    T4 = "T4"
    T5_PLUS = "T5+"


class Financement(StrEnum):
    """Family of the loan that founds the rent."""

    PLAI = "PLAI"
    PLUS = "PLUS"
    PLS = "PLS"
    PLI = "PLI"
    AUTRE = "AUTRE"


class NatureLogement(StrEnum):
    """What the dwelling is, where it matters to the base of the flow."""

    ORDINAIRE = "ordinaire"
    FOYER = "foyer"
    RESIDENCE_ETUDIANTE = "residence_etudiante"
    PLI_LLI = "pli_lli"


class MotifSortie(StrEnum):
    """Why a dwelling left the stock."""

    VENTE_OCCUPANT = "vente_occupant"
    VENTE_BAILLEUR = "vente_bailleur"
    VENTE_AUTRE = "vente_autre"
    DEMOLITION = "demolition"
    AUTRE = "autre"


# ── reservataires, reservations ───────────────────────────────────────────────────────────────────


class Categorie(StrEnum):
    """Category of réservataire (CCH, art. R. 441-5, R. 441-5-2 to R. 441-5-4)."""

    ETAT_PRIORITAIRES = "etat_prioritaires"
    ETAT_AGENTS = "etat_agents"
    ACTION_LOGEMENT = "action_logement"
    COMMUNE = "commune"
    EPCI = "epci"
    EPT = "ept"
    VILLE_PARIS = "ville_paris"
    DEPARTEMENT = "departement"
    REGION = "region"
    EMPLOYEUR = "employeur"
    HOPITAL = "hopital"
    DEFENSE_SECURITE = "defense_securite"
    AUTRE = "autre"


class TerritoireType(StrEnum):
    """Kind of territory on which a réservataire may be given dwellings."""

    DEPARTEMENT = "departement"
    EPCI = "epci"
    EPT = "ept"
    COMMUNE = "commune"
    REGION = "region"


class Gestion(StrEnum):
    """Who chooses the candidates: the bailleur (déléguée) or the réservataire (directe)."""

    DELEGUEE = "deleguee"
    DIRECTE = "directe"


class TypeDroit(StrEnum):
    """A right that is born again at each vacancy (suite), or that one designation uses up (unique)."""

    SUITE = "suite"
    UNIQUE = "unique"


class Contrepartie(StrEnum):
    """What the réservataire gave in exchange for the right."""

    GARANTIE = "garantie"
    FONCIER = "foncier"
    FINANCEMENT = "financement"
    PEEC = "peec"
    LEGAL = "legal"
    AUTRE = "autre"


class Mode(StrEnum):
    """Managed in flow, or in stock (defence, security, health: CCH, art. L. 441-1)."""

    FLUX = "flux"
    STOCK = "stock"


# ── mouvements, soustractions, demande, taux, objectifs ───────────────────────────────────────────


class NatureMouvement(StrEnum):
    """What kind of letting an event belongs to."""

    RELOCATION = "relocation"
    PREMIERE_LOCATION = "premiere_location"
    MUTATION = "mutation"
    RELOGEMENT_RU = "relogement_ru"
    RELOGEMENT_ORCOD = "relogement_orcod"
    RELOGEMENT_LHI = "relogement_lhi"
    RELOGEMENT_VENTE = "relogement_vente"


class Etape(StrEnum):
    """How far the event went."""

    BAIL = "bail"
    ATTRIBUTION = "attribution"
    PROPOSITION = "proposition"
    ORIENTATION = "orientation"


class Issue(StrEnum):
    """How the orientation failed, if it did."""

    AUCUNE = "aucune"
    SANS_CANDIDAT = "sans_candidat"
    REFUS_CANDIDAT = "refus_candidat"
    REFUS_CALEOL = "refus_caleol"
    REMIS_BAILLEUR = "remis_bailleur"
    REMIS_MAIRE = "remis_maire"


class Priorite(StrEnum):
    """Priority of the household."""

    DALO = "dalo"
    PRIORITAIRE = "prioritaire"
    AUTRE = "autre"


class Quartile(StrEnum):
    """First quartile of the applicants' income, or the three others."""

    Q1 = "q1"
    Q234 = "q234"
    INCONNU = "inconnu"


class QuartileDemande(StrEnum):
    """The same, for a demand: it is always known."""

    Q1 = "q1"
    Q234 = "q234"


class CategorieSoustraction(StrEnum):
    """What takes dwellings out of the flow (CCH, art. R. 441-5, I)."""

    MUTATION = "mutation"
    RELOGEMENT_RU = "relogement_ru"
    RELOGEMENT_ORCOD = "relogement_orcod"
    RELOGEMENT_LHI = "relogement_lhi"
    RELOGEMENT_VENTE = "relogement_vente"
    REPRISE_PREFET = "reprise_prefet"


class EtatSoustraction(StrEnum):
    """Expected, or done."""

    PREVISIONNEL = "previsionnel"
    REALISE = "realise"


class Public(StrEnum):
    """Part of the demand."""

    TOUS = "tous"
    AGENTS = "agents"
    SALARIES = "salaries"
    TRAVAILLEURS_ESSENTIELS = "travailleurs_essentiels"


class NatureTaux(StrEnum):
    """What a rate measures."""

    REFUS = "refus"
    ECHEC = "echec"
    SAISON = "saison"


class Objectif(StrEnum):
    """Objective of attribution."""

    Q1_HORS_QPV = "q1_hors_qpv"
    AUTRES_QPV = "autres_qpv"
    DALO_PRIORITAIRES = "dalo_prioritaires"
    TRAVAILLEURS_ESSENTIELS = "travailleurs_essentiels"
    RESIDENCES_FRAGILES = "residences_fragiles"
    EMMENAGES_RECENTS = "emmenages_recents"


class Niveau(StrEnum):
    """Who set the objective."""

    CIA = "cia"
    CIL = "cil"
    CONVENTION = "convention"
    SOUHAIT = "souhait"


# ── choix of the convention: the first member of each list is the default ─────────────────────────


class Methode(StrEnum):
    """How stock becomes flow: M1 share of stock, M2 weighted by turnover, M3 observed (a control only)."""

    PARC = "parc"
    ROTATION = "rotation"
    OBSERVE = "observe"


class SegmentRotation(StrEnum):
    """Segment on which turnover is measured."""

    AUTO = "auto"
    PROGRAMME = "programme"
    COMMUNE = "commune"
    COMMUNE_TYPOLOGIE = "commune_typologie"
    AUCUN = "aucun"


class Lissage(StrEnum):
    """Pooled ratio, or shrinkage of small segments."""

    AUCUN = "aucun"
    BAYES = "bayes"


class RegleEcheance(StrEnum):
    """Which rights live in the year."""

    VIVANT_AU_1ER_JANVIER = "vivant_au_1er_janvier"
    PRORATA = "prorata"
    ANNEE_ENTIERE = "annee_entiere"


class PremieresLocations(StrEnum):
    """First lettings: apart, or in the flow."""

    A_PART = "a_part"
    DANS_LE_FLUX = "dans_le_flux"


class DroitsUniques(StrEnum):
    """What pays for the year's droits uniques."""

    RESERVES_D_ABORD = "reserves_d_abord"
    SUR_PART_BAILLEUR = "sur_part_bailleur"


class LogementPartage(StrEnum):
    """A dwelling of several réservataires: by fractions, or to the first in order."""

    FRACTION = "fraction"
    PRIORITE = "priorite"


class ResidencesEtudiantes(StrEnum):
    """Student residences: out of the base, or in it."""

    HORS = "hors"
    DANS = "dans"


class SurReservation(StrEnum):
    """More rights than dwellings."""

    ERREUR = "erreur"
    REDUCTION_PROPORTIONNELLE = "reduction_proportionnelle"


class Depassement(StrEnum):
    """Dues above a territory's flow."""

    REDUCTION_PROPORTIONNELLE = "reduction_proportionnelle"
    ETAT_GARANTI = "etat_garanti"
    ERREUR = "erreur"


class RepartitionEpci(StrEnum):
    """How an EPCI's due spreads over its communes."""

    FLUX = "flux"
    DROITS = "droits"


class GarantieImbriquee(StrEnum):
    """Guarantees of a commune and of its EPCI on one commune: capped together, or apart."""

    SOMME = "somme"
    SEPAREE = "separee"


class ComptesEpci(StrEnum):
    """The balances of an EPCI: one account a commune, or one for its communes due less than one a year."""

    COMMUNE = "commune"
    MUTUALISES = "mutualises"


class PlafondApprecie(StrEnum):
    """Caps in whole dwellings: judged each year, or since the account opened."""

    ANNUEL = "annuel"
    CUMULE = "cumule"


class ExcedentPlafond(StrEnum):
    """Who receives what a cap refuses."""

    BAILLEUR = "bailleur"


class Arrondi(StrEnum):
    """Apportionment of whole dwellings."""

    PLUS_FORT_RESTE = "plus_fort_reste"
    SAINTE_LAGUE = "sainte_lague"


class DaloArrondi(StrEnum):
    """Rounding of the 25 % due to DALO and priority households."""

    SUPERIEUR = "superieur"
    EXACT = "exact"
    PLURIANNUEL = "pluriannuel"


class QpvEvenement(StrEnum):
    """Event counted by the objective in QPV."""

    BAIL = "bail"
    ATTRIBUTION = "attribution"


class EvenementDecompte(StrEnum):
    """Event that uses up a réservataire's quota."""

    ORIENTATION = "orientation"
    ATTRIBUTION = "attribution"
    BAIL = "bail"


class ReportSolde(StrEnum):
    """What becomes of last year's balances."""

    INTEGRAL = "integral"
    AUCUN = "aucun"
    PLAFONNE = "plafonne"


class PartEtat(StrEnum):
    """The State's share when it is not a number: the register's, or the legal 30 %."""

    REGISTRE = "registre"
    LEGALE = "legale"
