"""Under stock, a freed dwelling goes to the holder of its right: dates, shares, priorities, lots."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from closed import held
from fabrique import Row, dossier, logements, reservataire

from flux.conversion import Quotas, convert
from flux.simulation.parc import Parc, make_parc

HOLDERS = ("action_logement", "departement", "etat_prioritaires", "defense")


def parc(*rights: Row, nb: int = 10, more: list[Row] | None = None, **choix: Any) -> Parc:
    """A programme of `nb` dwellings, and these rights on it."""
    return make_parc(
        convert(
            dossier(
                logements=[*logements(nb, "00001", "P"), *(more or [])],
                reservataires=[
                    reservataire(h, "defense_securite" if h == "defense" else None) for h in HOLDERS
                ],
                reservations=rights,
                convention={
                    "hypotheses": {"taux_rotation": 0.1},
                    "choix": choix,
                    "stipulations": {"part_etat": "legale"},
                },
            )
        )
    )


def right(holder: str, nth: int | None = None, nb: int = 1, **more: Any) -> Row:
    """On one dwelling of the programme, or a lot of it."""
    lot = {"programme": "P", "commune": "00001", "nb": nb}
    return {"id_reservataire": holder, **(lot if nth is None else {"id_logement": f"P-{nth:05d}"}), **more}


def who(parc: Parc, nth: int, jour: int, tirage: float = 0.5) -> str:
    at = int(np.flatnonzero(parc.logements["id_logement"] == f"P-{nth:05d}")[0])
    column = parc.droits.holder(np.array([at]), np.array([jour]), np.array([tirage]), len(parc.porteurs) - 1)
    return parc.porteurs[int(column[0])]


def expected(parc: Parc) -> dict[str, float]:
    """Dwellings of each holder, over the year."""
    return {h: v for h, v in zip(parc.porteurs, held(parc).sum(axis=0), strict=True) if v}


def test_a_written_right_is_its_dwelling_s() -> None:
    one = parc(right("action_logement", 3))
    assert [who(one, n, 100) for n in (2, 3, 4)] == ["bailleur", "action_logement", "bailleur"]


def test_no_right_at_all() -> None:
    assert expected(parc()) == {"bailleur": 10.0}


def test_a_right_ends_in_the_year_and_serves_its_last_day() -> None:
    one = parc(right("departement", 1, date_fin=dt.date(2026, 4, 10)))
    assert who(one, 1, 99) == "departement"  # 10 April is the hundredth day
    assert who(one, 1, 100) == "bailleur"
    assert expected(one)["departement"] == pytest.approx(100 / 365)


def test_a_right_begins_in_the_year() -> None:
    one = parc(right("departement", 1, date_debut=dt.date(2026, 7, 1)))
    assert [who(one, 1, day) for day in (180, 181, 364)] == ["bailleur", "departement", "departement"]


def test_one_right_after_another_on_the_same_dwelling() -> None:
    one = parc(
        right("departement", 1, date_fin=dt.date(2026, 6, 30)),
        right("action_logement", 1, date_debut=dt.date(2026, 7, 1)),
    )
    assert [who(one, 1, day) for day in (180, 181)] == ["departement", "action_logement"]


def test_rules_of_expiry_of_the_quotas_leave_the_days_alone() -> None:
    rights = right("departement", 1, date_fin=dt.date(2026, 6, 30)), right("action_logement", 2)
    for rule in ("vivant_au_1er_janvier", "prorata", "annee_entiere"):
        assert expected(parc(*rights, regle_echeance=rule)) == pytest.approx(
            {"departement": 181 / 365, "action_logement": 1.0, "bailleur": 9 - 181 / 365}
        )


def test_shares_of_a_dwelling() -> None:
    one = parc(right("action_logement", 1, part=0.25), right("departement", 1, part=0.5))
    assert expected(one) == pytest.approx({"action_logement": 0.25, "departement": 0.5, "bailleur": 9.25})
    seen = {who(one, 1, 0, u) for u in (0.1, 0.4, 0.7, 0.9)}
    assert seen == {"action_logement", "departement", "bailleur"}


def test_too_many_rights_on_a_dwelling_share_it() -> None:
    rights = right("action_logement", 1), right("departement", 1)
    one = parc(*rights, sur_reservation="reduction_proportionnelle")
    assert expected(one) == pytest.approx({"action_logement": 0.5, "departement": 0.5, "bailleur": 9.0})


def test_priority_takes_all_and_passes_on_when_it_ends() -> None:
    one = parc(
        right("departement", 1, ordre=2),
        right("action_logement", 1, ordre=1, date_fin=dt.date(2026, 6, 30)),
        logement_partage="priorite",
    )
    assert [who(one, 1, 180, u) for u in (0.0, 0.99)] == ["action_logement"] * 2
    assert [who(one, 1, 181, u) for u in (0.0, 0.99)] == ["departement"] * 2


def test_a_lot_is_spread_over_its_programme() -> None:
    other = logements(5, "00001", "Q")
    one = parc(right("action_logement", nb=4), more=other)
    shares = held(one)[:, one.porteurs.index("action_logement")]
    np.testing.assert_allclose(shares, [0.4] * 10 + [0.0] * 5)


def test_a_lot_leaves_written_rights_alone() -> None:
    one = parc(right("departement", 1), right("departement", 2, part=0.5), right("action_logement", nb=4))
    lot = held(one)[:, one.porteurs.index("action_logement")]
    assert lot.sum() == pytest.approx(4)
    assert lot[0] == 0 and lot[1] == pytest.approx(lot[2] / 2)


def test_lots_of_a_whole_programme() -> None:
    one = parc(right("departement", nb=6), right("action_logement", nb=4))
    assert expected(one) == pytest.approx({"departement": 6.0, "action_logement": 4.0})


def test_rights_of_one_use_serve_no_vacancy() -> None:
    one = parc(right("departement", nb=3, type_droit="unique", annee_prevue=2026))
    assert expected(one) == {"bailleur": 10.0}


@pytest.mark.parametrize(("inside", "nb"), [(False, 9.0), (True, 10.0)])
def test_rights_kept_in_stock_are_outside(inside: bool, nb: float) -> None:
    one = parc(right("defense", 1, mode="stock"), stock_exceptions_dans_assiette=inside)
    assert expected(one) == {"bailleur": nb}


def test_a_right_over_before_the_year_serves_nothing() -> None:
    one = parc(right("departement", nb=3, date_fin=dt.date(2025, 12, 31)), right("action_logement", 1))
    assert set(expected(one)) == {"action_logement", "bailleur"}


def test_draws_share_a_dwelling_in_its_parts() -> None:
    one = parc(right("action_logement", nb=3), right("departement", nb=5))
    nb = 20_000
    u = (np.arange(nb) + 0.5) / nb
    got = one.droits.holder(np.zeros(nb, int), np.zeros(nb, int), u, len(one.porteurs) - 1)
    seen = dict(zip(one.porteurs, np.bincount(got, minlength=len(one.porteurs)) / nb, strict=True))
    assert (seen["action_logement"], seen["departement"], seen["bailleur"]) == pytest.approx((0.3, 0.5, 0.2))


def test_all_the_rights_of_a_sample_are_served_and_nobody_has_more(quotas: Quotas) -> None:
    """Over the year, a holder's dwellings are its recurring rights on the base, day by day."""
    one = make_parc(quotas)
    chances = held(one)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    assert (chances >= -1e-12).all()
    rights = quotas.preuve.droits.registre
    rights = rights.loc[(rights["lieu"] == "base") & (rights["type_droit"] == "suite") & ~rights["stock"]]
    first, last = (pd.Timestamp(one.annee, month, day) for month, day in ((1, 1), (12, 31)))
    begun = rights["date_debut"].fillna(first).clip(lower=first)
    over = rights["fin"].fillna(last).clip(upper=last)
    days = ((over - begun).dt.days + 1).clip(lower=0)
    nb = rights["part"].fillna(1.0) * rights["nb"] * days / one.jours
    owed = nb.groupby(rights["id_reservataire"]).sum()
    served = pd.Series(chances.sum(axis=0), one.porteurs).drop("bailleur")
    lost = owed.reindex(served.index, fill_value=0.0) - served
    assert (lost > -1e-6).all()
    # a lot stands on the dwellings that no written right takes, even one that begins in the year
    assert lost.sum() < 1e-3 * owed.sum()
