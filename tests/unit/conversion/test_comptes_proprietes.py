"""What holds of pooled accounts, and of the gaps named, on small dossiers drawn at random."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from test_proprietes import BAILLEUR, FEW, Essai, column, comptes

import flux


@FEW
@given(comptes())
def test_pooled_accounts_keep_the_sums_the_ceilings_and_what_is_owed(essai: Essai) -> None:
    pooled = replace(essai, choix={**essai.choix, "comptes_epci": "mutualises"})
    quotas = flux.convert(pooled.dossier())
    assert quotas.table["quota"].sum() == quotas.exact["flux_a_partager"]
    given_away = quotas.communes.groupby("id_reservataire")["nb"].sum().to_dict()
    assert all(q == given_away.get(r, 0) for r, q in column(quotas.table, "quota").items())
    assert (quotas.plafonds["nb"] <= quotas.plafonds["plafond"]).all()
    table = quotas.table.set_index("id_reservataire").drop(BAILLEUR)
    owed = table["du_exact"] + table["solde_reporte"] - table["quota"]
    kept = quotas.soldes.groupby("id_reservataire")["solde"].sum().drop("*").reindex(owed.index, fill_value=0)
    assert (kept <= owed + 1e-9).all()
    if essai.choix["plafond_apprecie"] == "cumule":
        pd.testing.assert_series_equal(kept, owed, check_names=False, atol=1e-9)


@FEW
@given(comptes(), st.sampled_from(["commune", "mutualises"]))
def test_an_account_beyond_one_dwelling_is_named_and_no_other(essai: Essai, choice: str) -> None:
    quotas = flux.convert(replace(essai, choix={**essai.choix, "comptes_epci": choice}).dossier())
    soldes = quotas.soldes.loc[quotas.soldes["id_reservataire"] != "*"]
    beyond = soldes.loc[soldes["solde"].abs() > 1 + 1e-9]
    named = quotas.ecarts.loc[quotas.ecarts["groupe"] == "compte"]
    assert sorted(zip(named["id_reservataire"], named["exact"], strict=True)) == sorted(
        zip(beyond["id_reservataire"], beyond["solde"], strict=True)
    )


@FEW
@given(comptes())
def test_cells_at_their_bounds_close_within_one_dwelling(essai: Essai) -> None:
    """An account beyond one dwelling is a cell that had to leave its bounds, or one that was already owed."""
    quotas = flux.convert(essai.dossier())
    left = quotas.ecarts.loc[quotas.ecarts["groupe"] == "cellule"]
    cells = set(zip(left["id_reservataire"], left["territoire_code"], strict=True))
    for row in quotas.soldes.loc[quotas.soldes["id_reservataire"] != "*"].itertuples():
        if row.solde > 1 + 1e-9:
            assert (row.id_reservataire, row.commune) in cells
