"""B1: equal to a pivot of pandas on the files themselves."""

import pandas as pd
import pytest

from flux import draft_bilan, read_dossier, samples
from flux.bilan.journal import COMPTEURS, DIMENSIONS


def pivot(rows, *cles):
    return rows.groupby(list(cles))["nb"].sum().sort_index()


def read(frame, *cles, compteur="nb_baux"):
    values = frame.set_index(list(cles))[compteur].astype(int)
    values = values.loc[values > 0].sort_index()
    return values.rename("nb")


def same(got, wanted):
    got.index.names = wanted.index.names
    pd.testing.assert_series_equal(got, wanted, check_dtype=False, check_index_type=False)


def test_by_holder(bilan, baux):
    same(read(bilan.table, "porteur"), pivot(baux, "porteur"))


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_by_dimension(bilan, baux, dimension):
    frame = bilan.tableau(f"designations.{dimension}").frame
    if dimension == "commune":
        names = bilan.faits.dossier.communes.set_index("nom")["commune"]
        frame = frame.assign(commune=frame["commune"].map(names))
    same(read(frame, "porteur", dimension), pivot(baux, "porteur", dimension))
    total = bilan.tableau(f"designations.{dimension}").totaux
    assert total["nb_baux"] == len(baux)


def test_the_cross_holds_every_attribute_at_once(bilan, baux):
    same(read(bilan.faits.croisement, "porteur", *DIMENSIONS), pivot(baux, "porteur", *DIMENSIONS))


def test_shares_are_those_of_the_account_and_of_all(bilan, baux):
    frame = bilan.tableau("designations.typologie").frame.set_index(["porteur", "typologie"])
    mine = baux.loc[baux["porteur"] == "action_logement"]
    assert frame.loc[("action_logement", "T3"), "part"] == pytest.approx((mine["typologie"] == "T3").mean())
    assert frame.loc[("action_logement", "T3"), "part_ensemble"] == pytest.approx(
        (baux["typologie"] == "T3").mean()
    )


def test_a_stage_that_was_not_given_is_absent_and_said(bilan):
    assert bilan.table[["nb_proposes", "nb_attribues"]].isna().all(axis=None)
    said = " ".join(bilan.sections[1].puces)
    assert "Proposés : non calculable" in said and "etape = proposition" in said
    assert "Attribués : non calculable" in said and "etape = attribution" in said


def test_every_stage_has_its_counter(bilan_complet, baux):
    for compteur in COMPTEURS.values():
        same(read(bilan_complet.table, "porteur", compteur=compteur), pivot(baux, "porteur"))
    assert not any("non calculable" in p for p in bilan_complet.sections[1].puces)


def test_one_holder_has_its_own_rows_only(bilan):
    own = bilan.pour("commune_00101")
    whole = bilan.tableau("designations.typologie").frame
    for dimension in DIMENSIONS:
        assert set(own.tableau(f"designations.{dimension}").frame["porteur"]) == {"commune_00101"}
    mine = own.tableau("designations.typologie").frame
    theirs = whole.loc[whole["porteur"] == "commune_00101"].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, theirs)


def test_a_generated_parc(tmp_path):
    tables = samples.generate("parc", nb_logements=900, nb_communes=6, seed=4)
    dossier = read_dossier(samples.write(tables, tmp_path / "parc"))
    report = draft_bilan(dossier, annee=2025)
    moves = tables.frames["mouvements"]
    moves = moves.loc[moves["annee"] == 2025]
    rows = moves.merge(tables.frames["logements"], on="id_logement")
    frame = report.tableau("designations.financement").frame
    wanted = rows.groupby("financement").size()
    got = frame.groupby("financement")["nb_baux"].sum()
    assert got.to_dict() == wanted.to_dict()
    assert int(report.table["nb_baux"].sum()) == len(moves)


def test_a_holder_that_received_nothing_is_told_so(bilan):
    rows = bilan.table.set_index("porteur")
    assert rows.loc["commune_00105", "nb_baux"] == 0
    assert pd.isna(rows.loc["commune_00105", "nb_proposes"])
    assert bilan.pour("commune_00105").tableau("designations.reservataires").totaux == {"nb_baux": 0}


def test_candidates_written_as_proposals_are_told(val, with_table):
    lease = val.mouvements.loc[val.mouvements["annee"] == 2025].head(3)
    three = [lease.assign(etape="proposition")] * 3
    report = draft_bilan(with_table(val, "mouvements", pd.concat([val.mouvements, *three])), annee=2025)
    assert "6 propositions du même logement" in " ".join(report.sections[1].puces)
