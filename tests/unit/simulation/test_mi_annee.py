"""The year up to a day: what counts, what is likely, what would restore it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pytest
from fabrique import Row, dossier, logements, reservataire

import flux
from flux.conversion.cellules import BAILLEUR
from flux.dossier import Dossier
from flux.noyau.errors import FluxError
from flux.rendu import glossaire
from flux.simulation import MiAnnee
from flux.simulation.fait import done
from flux.simulation.rejouee import SANS_PLAN, in_year
from flux.simulation.vecu import make_annee

RUNS = 120
HOLDERS = ("action_logement", "etat_prioritaires")


@pytest.fixture(scope="module")
def val(racine: Any) -> Dossier:
    return flux.read_dossier(racine / "data" / "samples" / "val-de-mire")


@pytest.fixture(scope="module")
def juin(val: Dossier) -> MiAnnee:
    return flux.mid_year(val, date="2025-06-30", seed=4, runs=RUNS)


def move(jour: dt.date | None, nth: int, holder: str | None = None, **more: Any) -> Row:
    told = {k: v for k, v in (("date", jour), ("id_reservataire", holder)) if v is not None}
    return {"annee": 2026, "nature": "relocation", "id_logement": f"P-{nth:05d}", **told, **more}


def small(*moves: Row, taux: float = 0.1, **choix: Any) -> Dossier:
    """200 dwellings: 60 are Action Logement's, 60 the State's."""
    return dossier(
        logements=logements(200, "00001", "P"),
        reservataires=[reservataire(h) for h in HOLDERS],
        reservations=[
            {"id_reservataire": h, "programme": "P", "commune": "00001", "nb": 60} for h in HOLDERS
        ],
        mouvements=moves,
        convention={"hypotheses": {"taux_rotation": taux}, "choix": choix},
    )


def counted(day: dt.date, *moves: Row, **choix: Any) -> dict[str, int]:
    annee = make_annee(flux.convert(small(*moves, **choix)), SANS_PLAN, incertitude=False)
    fait = done(annee, day, 1)
    return {i: int(n) for i, n in zip(annee.parc.porteurs, fait.recus, strict=True) if n}


JUIN = dt.date(2026, 6, 30)


def test_what_counts_is_before_the_day_in_the_year_and_on_an_account() -> None:
    moves = [
        move(dt.date(2026, 6, 30), 1, "action_logement"),
        move(dt.date(2026, 7, 1), 2, "action_logement"),
        move(None, 3, "action_logement"),
        move(dt.date(2026, 2, 1), 4),
        move(dt.date(2026, 2, 1), 5, "action_logement", nature="mutation"),
        move(dt.date(2025, 2, 1), 6, "action_logement", annee=2025),
        move(dt.date(2026, 2, 1), 7, BAILLEUR),
    ]
    assert counted(JUIN, *moves) == {"action_logement": 2, BAILLEUR: 1}


def test_the_stage_of_the_convention_or_the_next_one_known() -> None:
    moves = [move(dt.date(2026, 1, 5), n, "action_logement", etape="orientation") for n in (1, 2, 3)]
    moves += [move(dt.date(2026, 1, 9), n, "action_logement", etape="attribution") for n in (1, 2)]
    moves += [move(dt.date(2026, 2, 9), 1, "action_logement", etape="bail")]
    assert counted(JUIN, *moves) == {"action_logement": 3}
    assert counted(JUIN, *moves, evenement_decompte="attribution") == {"action_logement": 2}
    assert counted(JUIN, *moves, evenement_decompte="bail") == {"action_logement": 1}
    assert counted(JUIN, *moves[3:]) == {"action_logement": 2}


def test_a_failure_that_the_convention_excuses_does_not_count_once_the_dwelling_is_leased_it_does() -> None:
    moves = [
        move(dt.date(2026, 1, 5), 1, "action_logement", etape="orientation", issue="sans_candidat"),
        move(dt.date(2026, 1, 6), 2, "action_logement", etape="orientation", issue="refus_candidat"),
        move(dt.date(2026, 1, 7), 3, "action_logement", etape="orientation"),
    ]
    assert counted(JUIN, *moves) == {"action_logement": 3}
    assert counted(JUIN, *moves, compte_refus_candidat=False) == {"action_logement": 2}
    signed = move(dt.date(2026, 2, 6), 2, "action_logement", etape="bail")
    assert counted(JUIN, *moves, signed, compte_refus_candidat=False) == {"action_logement": 3}
    anew = move(dt.date(2026, 1, 20), 2, "action_logement", etape="orientation")
    assert counted(JUIN, *moves, anew, signed, compte_refus_candidat=False) == {"action_logement": 3}


def test_on_31_december_everything_is_known() -> None:
    moves = [move(dt.date(2026, 3, n), n, "action_logement") for n in range(1, 7)]
    told = flux.mid_year(small(*moves), date="2026-12-31", seed=1, runs=20)
    quotas = told.table.loc[told.table["objectif"] == "quota"].set_index("porteur")
    assert quotas.loc["action_logement", "p_atteint"] == 1 and quotas.loc["action_logement", "fait"] == 6
    assert quotas.loc["etat_prioritaires", "p_atteint"] == 0 and quotas.loc["etat_prioritaires", "p_max"] == 0
    assert quotas.loc["etat_prioritaires", "a_orienter"] == 6
    assert any("hors de portée" in said for said in told.phrases)
    assert told.possibles.sum() == 0


def test_what_is_missing_is_what_restores_the_chance(juin: MiAnnee) -> None:
    """The number of dwellings added in each run makes the chance asked, and one less does not."""
    for o, row in enumerate(juin.table.to_dict("records")):
        short = juin.cibles.cibles[o].missing(juin.base[:, o], juin.atteint[:, o])
        assert row["p_atteint"] == np.mean(short == 0)
        assert np.mean(short <= row["a_orienter"]) >= juin.niveau
        assert row["a_orienter"] == 0 or np.mean(short <= row["a_orienter"] - 1) < juin.niveau
        assert np.isnan(row["p_max"]) or row["p_max"] >= row["p_atteint"]


def test_the_later_the_surer(val: Dossier, juin: MiAnnee) -> None:
    late = flux.mid_year(val, date="2025-11-30", seed=4, runs=RUNS)
    doubt = [(t.table["p_atteint"] * (1 - t.table["p_atteint"])).sum() for t in (juin, late)]
    assert doubt[1] <= doubt[0]
    assert late.possibles[:, -1].mean() < juin.possibles[:, -1].mean() / 2
    assert late.fait.nb > juin.fait.nb


def test_what_each_run_reaches_is_the_past_and_the_rest(juin: MiAnnee) -> None:
    quotas = [o for o, c in enumerate(juin.cibles.cibles) if c.seul]
    everybody = juin.atteint[:, quotas].sum(axis=1)
    at = [juin.annee.parc.porteurs.index(juin.cibles.cibles[o].obligation.porteur) for o in quotas]
    left_out = juin.fait.recus.sum() - juin.fait.recus[at].sum()
    assert (everybody >= juin.fait.recus[at].sum()).all() and left_out >= 0
    assert (everybody - juin.fait.recus[at].sum() <= juin.possibles[:, -1]).all()


def test_same_seed_same_table_whatever_the_batch(val: Dossier, juin: MiAnnee, monkeypatch: Any) -> None:
    monkeypatch.setattr("flux.simulation.mi_annee.LOT", 50)
    again = flux.mid_year(val, date=dt.date(2025, 6, 30), seed=4, runs=RUNS)
    assert again.table.equals(juin.table)


def test_what_cannot_be_asked_is_said(val: Dossier, racine: Any) -> None:
    ecole = flux.read_dossier(racine / "data" / "samples" / "cas-ecole")
    for one, asked, code in ((val, {"date": "2021-03-01"}, "sans_mouvement"),
                             (ecole, {"date": "2025-06-30"}, "sans_mouvement"),
                             (val, {"date": "2025-06-30", "niveau": 1.0}, "niveau")):  # fmt: skip
        with pytest.raises(FluxError) as error:
            flux.mid_year(one, seed=1, runs=2, **asked)
        assert error.value.code == f"mi_annee.{code}"


@pytest.mark.parametrize("day", ["juin", None, "2025-02-30", 20250630])
def test_a_day_that_is_none_is_refused_in_french(val: Dossier, day: Any) -> None:
    with pytest.raises(FluxError, match="n'est pas une date") as error:
        flux.mid_year(val, date=day, seed=1)
    assert error.value.code == "simulation.date"


def test_words_and_faces(juin: MiAnnee) -> None:
    for column in juin.table:
        assert glossaire.terme(f"mi_annee.{column}").libelle
    json.dumps(juin.to_dict(), allow_nan=False)
    assert "30 juin 2025" in repr(juin) and "<table" in juin._repr_html_()


@pytest.mark.parametrize("choix", [{}, {"compte_refus_candidat": False, "compte_sans_candidat": False}])
def test_at_the_end_of_the_year_the_accounts_are_those_of_the_report(
    val: Dossier, choix: dict[str, bool]
) -> None:
    asked = val.with_choix(**choix) if choix else val
    told = flux.draft_bilan(asked, annee=2025).faits.comptes.set_index("porteur")["compte"]
    annee = make_annee(flux.convert(in_year(asked, 2025)), SANS_PLAN, incertitude=False)
    fait = done(annee, dt.date(2025, 12, 31), 1)
    assert dict(zip(annee.parc.porteurs, fait.recus.tolist(), strict=True)) == told.astype(int).to_dict()
