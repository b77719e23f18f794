"""Why this many there, and the programme that another solver reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pulp
import pytest

import flux
from flux.allocation import allocate
from flux.noyau.errors import FluxError


@pytest.fixture(scope="module")
def plan(racine: Path) -> flux.Plan:
    return flux.allocate(
        flux.convert(flux.read_dossier(racine / "data" / "samples" / "cas-ecole")), couts=False
    )


def test_why_this_many_there(plan: flux.Plan) -> None:
    there = plan.explain("etat", commune="00001")
    mine = plan.table["id_reservataire"].isin(["etat_prioritaires", "etat_agents"])
    here = plan.table.loc[mine & (plan.table["commune"] == "00001")]
    assert (there.nb, there.nb_exact) == (here["nb"].sum(), pytest.approx(here["nb_exact"].sum()))
    assert there.logements["nb"].sum() == there.publics["nb"].sum() == there.nb
    assert there.logements["reference"].sum() == pytest.approx(there.reference)
    assert there.lignes["contrainte"].str.contains("part de l'État hors QPV").any()
    assert there.lignes["article"].notna().all()
    assert ((there.lignes["atteint"] - there.lignes["seuil"]).abs() < 1e-6).all()  # nothing is missed here
    assert there.quota == 15 and there.parent.figure.valeur == 15


def test_its_faces(plan: flux.Plan) -> None:
    there = plan.explain("commune", commune="Bourg-l'École")
    assert "Part proportionnelle" in repr(there)
    assert there.commune in repr(there) and "<table" in there._repr_html_()
    said = json.loads(json.dumps(there.to_dict()))
    assert said["nb"] == there.nb and said["lignes"][0]["article"]


def test_what_it_does_not_know(plan: flux.Plan) -> None:
    for ident, commune in (("mairi", "00001"), ("etat", "99999"), ("etat", "Bourg l'Ecole")):
        with pytest.raises(FluxError) as error:
            plan.explain(ident, commune=commune)
        assert error.value.code == "explication.inconnu"
    with pytest.raises(FluxError):
        plan.lp("lois")


@pytest.mark.parametrize("forme", ["lp", "mps"])
def test_another_solver_reads_the_programme_and_finds_the_same(
    two_communes: Any, tmp_path: Path, forme: str
) -> None:
    small = allocate(two_communes, couts=False)
    for etape, niveau in zip(small.modele.etapes, small.solution.niveaux, strict=True):
        path = tmp_path / f"flux.{forme}"
        path.write_text(small.lp(etape.nom, forme), encoding="utf-8")
        highs = highspy.Highs()
        highs.silent()
        highs.readModel(str(path))
        highs.run()
        assert highs.getObjectiveValue() == pytest.approx(niveau, abs=1e-5)
    assert "z_72181_False_T2_PLUS_etat" in small.lp()


@pytest.mark.filterwarnings("ignore:PULP_CBC_CMD:DeprecationWarning")
def test_cbc_reads_it_and_finds_the_same(two_communes: Any, tmp_path: Path) -> None:
    if "PULP_CBC_CMD" not in pulp.listSolvers(True):
        pytest.skip("PuLP comes without CBC here")
    small = allocate(two_communes, couts=False)
    path = tmp_path / "flux.mps"
    path.write_text(small.lp("equite", "mps"), encoding="utf-8")
    _, other = pulp.LpProblem.fromMPS(str(path))
    other.solve(pulp.getSolver("PULP_CBC_CMD", msg=False))
    level = small.solution.niveaux[[e.nom for e in small.modele.etapes].index("equite")]
    assert pulp.value(other.objective) == pytest.approx(level, abs=1e-5)


@pytest.mark.filterwarnings("ignore:PULP_CBC_CMD:DeprecationWarning")
def test_the_same_optimum_and_the_same_whole_plan_by_every_way(plan: flux.Plan) -> None:
    by_pulp = allocate(plan.quotas, couts=False, voie="pulp")
    assert by_pulp.table.equals(plan.table)
    if "PULP_CBC_CMD" not in pulp.listSolvers(True):
        pytest.skip("PuLP comes without CBC here")
    cbc = allocate(plan.quotas, couts=False, voie="pulp", solveur=pulp.getSolver("PULP_CBC_CMD", msg=False))
    key = [c for c in plan.table if c not in ("nb", "nb_exact")]
    both = plan.table.merge(cbc.table, on=key, how="outer").fillna(0)
    assert (both["nb_x"] == both["nb_y"]).all()
    assert np.abs(both["nb_exact_x"] - both["nb_exact_y"]).max() < 1e-4
