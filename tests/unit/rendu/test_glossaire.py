from enum import StrEnum

import pytest

from flux.dossier import convention, vocabulaire
from flux.noyau.errors import FluxError
from flux.rendu import glossaire

PUBLIC = {
    "quotas": "id_reservataire categorie territoire_code nb_droits nb_uniques part_droits part_flux"
    " part_patrimoine du_exact solde_reporte quota_exact quota plafond plafond_atteint",
    "communes": "commune id_reservataire exact nb nb_qpv nb_hors_qpv nb_garantie solde",
    "plafonds": "groupe territoire_code part_max exact nb plafond atteint article flux_cumule nb_cumule",
    "soldes": "id_reservataire annee commune solde annee_ouverture flux_cumule nb_cumule nb_garantie_cumule",
    "livraisons": "programme commune date_mise_service id_reservataire exact nb",
    "soustractions": "categorie commune qpv etat nb impute non_imputable",
    "assiette": "etape nb_logements motif article",
    "flux": "commune qpv typologie financement nb_logements taux_rotation liberations soustraits flux_net"
    " flux_a_partager",
    "rotation": "commune typologie programme nb_stock nb_relocations taux_brut taux taux_bas taux_haut"
    " effectif_equivalent",
    "vacances": "commune nom nb_logements liberations chances_liberations liberations_bas liberations_haut"
    " flux_net chances_flux_net flux_net_bas flux_net_haut",
    "backtest": "estimateur nb_previsions erreur_moyenne perte couverture couverture_attendue retenu annee"
    " commune nb_logements attendues bas haut observees",
    "plan": "commune qpv typologie financement id_reservataire priorite quartile nb_exact nb",
    "objectifs": "objectif porteur territoire_code niveau article base seuil atteint manque manque_entier"
    " cout_marginal cout_objectif prouve borne ecart",
    "conflits": "conflit objectif porteur territoire_code article nature assouplissement minimal"
    " liste_complete",
    "bascule": "id_reservataire territoire_code indicateur stock_moyen flux_moyen ecart_moyen"
    " ecart_q05 ecart_q95",
}

KEY_OF_ENUM = {
    "NatureLogement": "nature",
    "NatureMouvement": "nature",
    "NatureTaux": "nature",
    "Etape": "etape",
    "Public": "public",
    "QuartileDemande": "quartile",
    "CategorieSoustraction": "soustractions.categorie",
    "EtatSoustraction": "etat",
}


def key_of(enum: type[StrEnum]) -> str:
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in enum.__name__).lstrip("_")
    return KEY_OF_ENUM.get(enum.__name__, words)


ENUMS = [
    e
    for e in vars(vocabulaire).values()
    if isinstance(e, type) and issubclass(e, StrEnum) and e is not StrEnum
]


@pytest.mark.parametrize("table", PUBLIC)
def test_every_public_column_is_explained(table):
    for column in PUBLIC[table].split():
        term = glossaire.terme(f"{table}.{column}")
        assert term.libelle
        assert term.sens


@pytest.mark.parametrize("enum", ENUMS, ids=lambda e: e.__name__)
def test_every_member_of_the_vocabulary_has_a_french_text(enum):
    key = key_of(enum)
    entry = glossaire.terme(key)
    plain = {"T1", "T2", "T3", "T4", "T5+"}  # read as they are written
    missing = {m.value for m in enum} - set(entry.valeurs) - plain
    assert not missing, f"{key}: {missing}"


@pytest.mark.parametrize("section", ["choix", "stipulations", "hypotheses"])
def test_every_choice_is_explained(section):
    model = convention.SECTIONS[section]
    assert set(model.model_fields) == set(glossaire.termes(section))


def test_bare_keys_are_not_ambiguous():
    seen = [key for context in glossaire.BARE for key in glossaire.termes(context)]
    assert len(seen) == len(set(seen))


def test_values_are_written_by_their_format():
    assert glossaire.format("part_flux", 0.153) == "15,3\u202f%"
    assert glossaire.format("quota", 1234) == "1\u202f234"
    assert glossaire.format("annee", 2026) == "2026"
    assert glossaire.format("qpv", True) == "oui"
    assert glossaire.format("categorie", vocabulaire.Categorie.EPT) == "Établissement public territorial"
    assert glossaire.format("etape", "Patrimoine du département") == "Patrimoine du département"
    assert glossaire.format("plafonds.atteint", False) == "non"
    assert glossaire.format("atteint", 12.5) == "12,50"


def test_choices_read_as_sentences():
    assert glossaire.format("methode", "parc").startswith("Au prorata du parc")
    assert glossaire.format("compte_sans_candidat", True) == "Compte dans le quota du réservataire."
    assert glossaire.format("annees_exclues", []) == "aucun"
    assert glossaire.format("occupations_exclues", [3, 5]) == (
        "vide pour raisons techniques (3), gardien ou logement de fonction (5)"
    )
    assert glossaire.format("part_etat", "legale") == "La part maximale prévue par le texte."
    assert glossaire.format("part_etat", 0.25) == "25,0\u202f%"


def test_a_table_of_values_says_each_of_them():
    said = glossaire.format("derogation_prefectorale", {"part": 0.35, "fin": None})
    assert said == "Part : 35,0\u202f%, Fin : —"


def test_an_unknown_key_suggests_its_neighbours():
    with pytest.raises(FluxError, match="nb_droits") as caught:
        glossaire.terme("nb_droit")
    assert caught.value.code == "glossaire.inconnu"
