"""The annex as canonical JSON: valid against its schema, whole, each figure with its proof."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import flux
from flux.annexe.canonique import render, schema
from flux.annexe.filiations import FILIATIONS
from flux.noyau.provenance import Figure

SAMPLES = Path(__file__).parents[3] / "data" / "samples"
VALIDATOR = Draft202012Validator(schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
# the parts of the plan, the counts of a page and the years of a window have no proof of their own
PROVED = {
    "taux.quotas": ["nb_droits", "part_droits", "part_flux", "part_patrimoine", "quota_exact", "quota"],
    "taux.calcul": ["nb_uniques", "du_exact", "solde_reporte", "quota_exact"],
    "assiette.etapes": ["nb_logements"],
    "communes.cellules": ["exact", "nb", "nb_qpv", "nb_hors_qpv", "nb_garantie", "solde"],
    "communes.quotas": ["flux_a_partager", "ensemble", "solde"],
    "plafonds.plafonds": ["part_max", "exact", "plafond", "nb"],
    "soustractions.categories": ["nb", "impute", "non_imputable"],
    "synthese.categories": ["quota", "part"],
}


def draft(nom, **options):
    plan = flux.allocate(flux.convert(flux.read_dossier(SAMPLES / nom)))
    return flux.draft_annexe(plan, **options)


@pytest.fixture(scope="module")
def val_de_mire():
    return draft("val-de-mire")


@pytest.fixture(scope="module")
def document(val_de_mire):
    return json.loads(render(val_de_mire))


def tableaux(document):
    return {t["cle"]: t for s in document["sections"] for t in s["tableaux"]}


def test_the_schema_is_one():
    Draft202012Validator.check_schema(schema())
    assert schema()["$id"] == "urn:flux:annexe:1"


@pytest.mark.parametrize("nom", ["cas-ecole", "val-de-mire-brut"])
def test_every_sample_is_valid(nom):
    VALIDATOR.validate(json.loads(render(draft(nom))))


def test_the_sample_and_the_annex_of_one_holder_are_valid(document, val_de_mire):
    VALIDATOR.validate(document)
    own = flux.draft_annexe(val_de_mire.plan, pour="action_logement")
    said = json.loads(render(own))
    VALIDATOR.validate(said)
    assert said["identite"]["pour"] == "action_logement"


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("identite"),
        lambda d: d.update(schema="flux-annexe/2"),
        lambda d: d["identite"].update(date="le premier janvier"),
        lambda d: d["sections"][0].update(titre=3),
        lambda d: d["sections"][0]["tableaux"][0].pop("lignee"),
        lambda d: d["sections"][0]["tableaux"][0]["lignes"][0]["preuves"].update(quota="douze"),
        lambda d: d["sections"][0]["tableaux"][0]["lignes"][0]["valeurs"].update(quota=[3]),
        lambda d: d["preuves"]["figures"][0].update(exact="0.3"),
        lambda d: d["preuves"]["figures"][0].update(couleur="rose"),
        lambda d: d.update(commentaire="en plus"),
    ],
)
def test_a_broken_one_is_not(document, change):
    broken = deepcopy(document)
    change(broken)
    assert list(VALIDATOR.iter_errors(broken))


def test_every_value_of_every_table_is_there_raw(document, val_de_mire):
    said = tableaux(document)
    for tableau in (t for s in val_de_mire.sections for t in s.tableaux):
        lines = said[tableau.cle]["lignes"]
        assert len(lines) == len(tableau.frame)
        assert [c["cle"] for c in said[tableau.cle]["colonnes"]] == [c.nom for c in tableau.specs]
    quotas = val_de_mire.plan.quotas.table.set_index("id_reservataire")
    for line in said["taux.quotas"]["lignes"]:
        row = quotas.loc[line["codes"]["id_reservataire"]]
        assert line["valeurs"]["quota"] == row["quota"]
        assert type(line["valeurs"]["quota"]) is int
        assert line["valeurs"]["part_flux"] == round(row["part_flux"], 9)
        assert (line["valeurs"]["plafond"] is None) == (str(row["plafond"]) == "<NA>")


def test_every_cell_points_to_a_proof_that_makes_its_value(document):
    figures = document["preuves"]["figures"]
    nb = 0
    for tableau in tableaux(document).values():
        rows = [*tableau["lignes"], *([tableau["total"]] if tableau["total"] else [])]
        for row in rows:
            for column, rank in row["preuves"].items():
                assert figures[rank]["valeur"] == pytest.approx(row["valeurs"][column], abs=2e-9)
                nb += 1
    assert nb > 1_000


def test_the_figures_of_the_contract_all_have_one(document):
    said = tableaux(document)
    for cle, columns in PROVED.items():
        for row in said[cle]["lignes"]:
            for column in columns:
                full = row["valeurs"][column] not in (None, 0)
                assert column in row["preuves"] or not full, f"{cle}, {row['valeurs']}, {column}"


def test_a_proof_is_recomputed_from_the_file_alone(document):
    quotas = tableaux(document)["taux.quotas"]["lignes"]
    for line in quotas[:3]:
        rank = line["preuves"]["quota"]
        figures = document["preuves"]["figures"][: rank + 1]
        figure = Figure.from_dict({"schema": document["preuves"]["schema"], "figures": figures})
        assert figure.recompute() == line["valeurs"]["quota"]
        assert any(f.source and f.source.sha256 for f in figure.nodes())
        assert any(f.article for f in figure.nodes())


def test_a_figure_stands_once(document):
    written = [json.dumps(f, sort_keys=True) for f in document["preuves"]["figures"]]
    assert len(written) == len(set(written))


def test_every_table_has_its_lineage(document):
    known = {s["sha256"] for s in document["identite"]["sources"]}
    for cle, tableau in tableaux(document).items():
        assert cle in FILIATIONS, f"{cle} has no lineage in filiations.py"
        assert tableau["lignee"]["regle"]
        assert {s["sha256"] for s in tableau["lignee"]["sources"]} <= known


def test_it_is_small_and_holds_no_path(val_de_mire):
    content = render(val_de_mire)
    assert len(content) < 5_000_000
    assert str(SAMPLES).encode() not in content


def test_what_python_chose_is_said(val_de_mire):
    plan = flux.allocate(flux.convert(val_de_mire.plan.quotas.dossier, part_etat=0.25))
    said = json.loads(render(flux.draft_annexe(plan)))
    assert said["identite"]["stipulations"] == {"part_etat": {"fraction": "1/4"}}
    assert said["identite"]["choix"] == {}


def test_the_order_of_sets_does_not_show():
    program = (
        "import flux,sys;from flux.annexe.canonique import render;"
        f"d=flux.read_dossier({str(SAMPLES / 'cas-ecole')!r});"
        "sys.stdout.buffer.write(render(flux.draft_annexe(flux.allocate(flux.convert(d)))))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2026")
    }
    assert len(said) == 1
    VALIDATOR.validate(json.loads(said.pop()))
