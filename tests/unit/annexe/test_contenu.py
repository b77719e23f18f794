from dataclasses import replace
from pathlib import Path

import pytest

import flux
from flux import samples
from flux.annexe import draft_annexe, taux
from flux.annexe.incertitudes import uncertain
from flux.dossier.appellations import Noms


def tables(annexe):
    return {t.titre.split(". ", 1)[1]: t for s in annexe.sections for t in s.tableaux}


def test_sections_follow_the_convention_in_order(annexe):
    titles = [s.titre.split(". ", 1)[1] for s in annexe.sections]
    assert titles[:3] == ["Synthèse", "Parties et objet", "État des lieux des réservations"]
    assert titles[-1] == "Textes appliqués et sources"
    assert [int(s.titre.split(".")[0]) for s in annexe.sections] == list(range(1, len(titles) + 1))


def test_the_summary_is_three_sentences_and_one_table(annexe):
    summary = annexe.sections[0]
    assert len(summary.paragraphes) == 3
    assert "560 logements sont à partager" in summary.paragraphes[0]
    assert "1 sur 2" in summary.paragraphes[2]
    assert len(summary.tableaux) == 1


def test_every_table_adds_up(annexe):
    for tableau in tables(annexe).values():
        if tableau.total is True:
            for column, total in tableau.totaux.items():
                assert sum(tableau.frame[column].dropna()) == pytest.approx(float(total))
    quotas = tables(annexe)["Du droit au quota, par réservataire"]
    assert quotas.totaux["quota"] == 560


SAMPLES = Path(__file__).parents[3] / "data" / "samples"


@pytest.mark.parametrize("choix", [{}, {"methode": "rotation"}], ids=["parc", "rotation"])
def test_a_holder_redoes_its_quota_from_what_is_printed(choix):
    quotas = flux.convert(flux.read_dossier(SAMPLES / "val-de-mire"), **choix)
    steps = taux.calcul(quotas).set_index("id_reservataire")
    for ident in ("commune_00101", "commune_00108", "action_logement", "etat_prioritaires", "epci"):
        row = steps.loc[ident]
        due = row["droits"] / row["assiette"] * row["flux"] + row["nb_uniques"] + row["corrections"]
        assert due == pytest.approx(row["du_exact"], abs=1e-9)
        assert due + row["solde_reporte"] == pytest.approx(row["quota_exact"], abs=1e-9)
        assert abs(row["quota_exact"] - row["quota"]) < 1
    reduced = steps.index[steps["corrections"].abs() > 1e-6]
    assert set(reduced) == set(quotas.reductions["id_reservataire"])


def test_a_small_holder_reads_that_nothing_is_lost():
    quotas = flux.convert(flux.read_dossier(SAMPLES / "val-de-mire"))
    said = taux.quotas(quotas, Noms.of(quotas.dossier), taux.calcul(quotas)).paragraphes[1]
    assert "quota exact de 0,38 et un quota de 0 ; 0,38 logement lui reste dû" in said


def test_nobody_reads_a_code(annexe):
    said = " ".join(annexe.sections[-2].puces)
    assert "Commune de Saint-Exemple-sur-Mire n° 1 est perdu" in said
    assert "choix « Période d'appréciation des plafonds » : Chaque année" in said
    assert "plafond_apprecie" not in said


def test_the_matrix_folds_communes_and_keeps_its_sums(annexe):
    matrix = tables(annexe)["Quotas par commune et par réservataire"]
    cells = matrix.cellules()
    assert "Commune (sur son territoire)" in cells.entetes
    assert "Action Logement Services" in cells.entetes
    assert len(cells.entetes) == 10
    assert len(cells.lignes) == 14
    for _, row in matrix.frame.iterrows():
        named = [c.nom for c in matrix.specs[2:-2]]
        assert sum(row[c] for c in named) == row["ensemble"] == 40


def test_a_departement_of_many_communes_keeps_as_many_columns(make_plan):
    many = draft_annexe(make_plan(120))
    assert len(tables(many)["Quotas par commune et par réservataire"].cellules().entetes) == 10


def test_every_choice_is_said_with_its_origin_and_departure(annexe):
    rows = {r[0]: r for r in tables(annexe)["Choix des parties"].cellules().lignes}
    method = rows["Méthode de conversion du stock en flux"]
    assert method[1].startswith("Pondérée par la rotation")
    assert method[2:4] == ("convention", "oui")
    assert rows["Arrondi aux logements entiers"][2:4] == ("défaut", "non")


def test_hypotheses_warnings_ties_repairs_law_and_sources_are_all_there(annexe):
    said = "\n".join(annexe.sections[-2].puces)
    for word in ("taux d'échec", "suit la demande", "hors QPV est inférieure", "Égalité des restes"):
        assert word in said
    titre = "Constats de la lecture : valeurs lues autrement qu'écrites, points à vérifier"
    assert tables(annexe)[titre].frame["nb"].tolist() == [1]
    law = tables(annexe)["Paramètres de droit en vigueur au 01/01/2026"]
    assert len(law.frame) == sum(p.calcul for p in annexe.plan.quotas.regles)
    assert "0123456789abcdef 0123456789abcdef" in tables(annexe)["Fichiers lus"].frame["sha256"][0]


def test_it_is_data_and_shows_itself(annexe):
    assert annexe.to_dict()["sections"][0]["titre"] == "1. Synthèse"
    assert "Annexe 2026" in repr(annexe)
    page = annexe._repr_html_()
    assert "<script" not in page
    assert "&lt;SA&gt;" in page
    assert annexe.table is annexe.plan.quotas.table


TABLES = {
    "T1": "droits.inventaire",
    "T2": "assiette.etapes",
    "T3": "rotation.groupes",
    "T4": "soustractions.categories",
    "T5": "taux.quotas",
    "T6": "communes.cellules",
    "T7": "qualite.croisement",
    "T8": "livraisons.programmes",
    "T9": "echeances.droits",
    "T10": "objectifs.objectifs",
    "T11": "exceptions.logements",
}


@pytest.fixture(scope="module")
def mire():
    return flux.allocate(flux.convert(flux.read_dossier(SAMPLES / "val-de-mire")))


@pytest.fixture(scope="module")
def complete(mire):
    return {t.cle: t for s in draft_annexe(mire).sections for t in s.tableaux}


def test_every_table_that_a_text_asks_is_there_under_its_key(complete):
    assert set(TABLES.values()) <= set(complete)
    for cle in TABLES.values():
        assert len(complete[cle].frame)
        assert complete[cle].article or "article" in complete[cle].frame


def test_the_documentation_names_every_table(complete):
    said = (Path(__file__).parents[3] / "docs" / "annexe.md").read_text(encoding="utf-8")
    for cle in complete:
        assert f"`{cle}`" in said or f"`{cle.split('.')[0]}.*`" in said, cle


def test_the_inventory_adds_up_to_the_rights_that_the_quotas_stand_on(complete, mire):
    rights = complete["droits.inventaire"].frame
    assert len(rights) == len(mire.quotas.etat_des_lieux)
    assert rights["nb_compte"].sum() == pytest.approx(complete["droits.suite"].totaux["nb_droits"])


def test_expected_dwellings_add_up_to_the_plan_and_shares_to_one(complete, mire):
    crossing, kinds = complete["qualite.croisement"].frame, complete["qualite.caracteres"].frame
    whole = mire.table.groupby("id_reservataire")["nb_exact"].sum()
    assert crossing.groupby("ident")["nb_exact"].sum().to_dict() == pytest.approx(whole.to_dict())
    assert crossing.groupby("ident")["part"].sum().tolist() == pytest.approx([1.0] * len(whole))
    family = kinds["caractere"].str.split(" : ").str[0]
    sums = kinds.groupby([kinds["ident"], family])[["nb_exact", "part", "ecart_part"]].sum()
    assert sums["part"].tolist() == pytest.approx([1.0] * len(sums))
    # a réservataire that has nothing of a kind has no row for it: its deviation is left out
    assert (sums["ecart_part"] > -1e-9).all()
    for (ident, _), nb in sums["nb_exact"].items():
        assert nb == pytest.approx(whole[ident])


def test_the_matrix_cell_by_cell_adds_up_to_the_flow(complete, mire):
    cells = complete["communes.cellules"].totaux
    assert cells["nb"] == mire.quotas.exact["flux_a_partager"]
    qpv = complete["communes.qpv"].frame.set_index("commune")
    assert (qpv["nb_qpv"] + qpv["nb_hors_qpv"] == qpv["nb"]).all()


def test_pages_leave_long_details_to_the_workbook_and_say_so(mire):
    for section in draft_annexe(mire).sections:
        left = [t for t in section.tableaux if t not in section.tableaux_de_page]
        for tableau in left:
            assert tableau.detail
            number = tableau.titre.split(". ")[0]
            said = [p for p in section.paragraphes if p.startswith(f"{number}. ")]
            assert len(said) == 1 and "dans le classeur et dans le fichier json" in said[0]


def test_every_matter_has_an_answer_or_is_for_the_body(complete):
    answers = complete["clauses.matieres"].frame
    sections, body = (
        answers["sections"].map(len) > 0,
        answers["reponse"].str.startswith("Corps de la convention"),
    )
    assert (sections != body).all() and sections.sum() > 12
    assert sum(a.startswith("Arrêté du 10 mars 2011") for a in answers["article"]) == 11


def test_rules_that_no_text_sets_are_named_with_what_was_kept(complete, mire):
    rows = {r[0]: r[1:] for r in complete["sources.non_verifie"].cellules().lignes}
    partly = {p.description for p in mire.quotas.regles if p.calcul and p.statut.value != "verifie"}
    assert partly <= set(rows)
    assert rows["Arrondi aux logements entiers"][:2] == ("Au plus fort reste.", "déduction")


def test_a_rule_is_named_only_where_it_applied():
    quotas = flux.convert(flux.read_dossier(SAMPLES / "cas-ecole"))
    rules = set(uncertain(quotas).frame["regle"])
    assert ("Imputation des droits uniques" in rules) == bool((quotas.table["nb_uniques"] > 0).any())
    assert ("Premières mises en location" in rules) == bool(len(quotas.livraisons))


def test_nobody_reads_the_code_of_a_choice_or_an_unsettled_plural(mire):
    said = " ".join(p for s in draft_annexe(mire).sections for p in (*s.paragraphes, *s.puces))
    for word in ("(s)", "separee", "garantie_imbriquee", "commune_00", "plafond_apprecie"):
        assert word not in said


def test_no_picture_counts_the_households_that_a_table_masks(mire):
    pictures = {i.cle: i for s in draft_annexe(mire).sections for i in s.illustrations}
    for cle in ("objectifs", "orientations"):
        assert "Commune : Mire-la-Ville" not in pictures[cle].alternative
        assert "hors nombres masqués" in pictures[cle].titre


def test_a_bailleur_without_any_vacancy_has_its_annex(tmp_path):
    """A flow of zero is an answer: quotas of zero, no picture."""
    parc = samples.generate_parc(nb_logements=30, nb_communes=1, seed=3)
    written = {**parc.convention, "hypotheses": {"liberations_prevues": 0}}
    no_lease = {nom: t for nom, t in parc.frames.items() if nom not in ("mouvements", "soustractions")}
    folder = samples.write(replace(parc, frames=no_lease, convention=written), tmp_path / "zero")
    annexe = draft_annexe(flux.allocate(flux.convert(flux.read_dossier(folder))))
    assert annexe.table["quota"].sum() == 0
    assert not any(section.illustrations for section in annexe.sections)
