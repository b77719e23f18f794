"""What holds of every projection, on small dossiers drawn at random."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import pandas as pd
from fabrique import dossier, logements, reservataire
from hypothesis import given, settings
from hypothesis import strategies as st
from suivi import check

from flux.conversion import convert
from flux.conversion.projection import project
from flux.dossier import Dossier

FEW = settings(max_examples=max(5, settings.default.max_examples // 10))
HOLDERS = ("commune_00001", "commune_00002", "epci_000000001", "departement", "etat_agents")
DAYS = st.dates(dt.date(2024, 6, 1), dt.date(2029, 6, 30))
SOMETIMES = st.one_of(st.none(), DAYS)


@st.composite
def rights(draw: st.DrawFn) -> dict[str, Any]:
    programme, commune = draw(st.sampled_from([("P", "00001"), ("Q", "00002"), ("N", "00001")]))
    unique = draw(st.integers(0, 4)) == 0
    repaid = draw(SOMETIMES)
    return {
        "id_reservataire": draw(st.sampled_from(HOLDERS)),
        "programme": programme,
        "commune": commune,
        "nb": draw(st.integers(1, 6)),
        "contrepartie": draw(st.sampled_from(["garantie", "foncier"])),
        "date_debut": draw(SOMETIMES),
        "date_fin": draw(SOMETIMES),
        "date_remboursement": repaid and repaid.replace(year=repaid.year - 5),
        **({"type_droit": "unique", "annee_prevue": draw(st.integers(2026, 2029))} if unique else {}),
    }


@st.composite
def dossiers(draw: st.DrawFn) -> Dossier:
    exits = st.one_of(
        st.none(), st.none(), st.none(), st.tuples(DAYS, st.sampled_from(["vente_autre", "demolition"]))
    )
    stock = [*logements(30, "00001", "P"), *logements(12, "00002", "Q", qpv=True)]
    gone = [draw(exits) for _ in range(6)]
    stock[:6] = [
        {**row, "date_sortie": out[0], "motif_sortie": out[1]} if out else row
        for row, out in zip(stock[:6], gone, strict=True)
    ]
    choix = {
        "sur_reservation": "reduction_proportionnelle",
        "regle_echeance": draw(st.sampled_from(["vivant_au_1er_janvier", "annee_entiere", "prorata"])),
        "premieres_locations": draw(st.sampled_from(["a_part", "dans_le_flux"])),
        "droits_uniques": draw(st.sampled_from(["reserves_d_abord", "sur_part_bailleur"])),
        "methode": draw(st.sampled_from(["parc", "rotation"])),
    }
    return dossier(
        convention={
            "choix": choix,
            "stipulations": {"part_etat": "legale"},
            "hypotheses": {"taux_rotation": draw(st.sampled_from([0.0, 0.05, 0.31]))},
        },
        logements=stock,
        reservataires=[reservataire(h) for h in (*HOLDERS, "etat_prioritaires")],
        reservations=draw(st.lists(rights(), min_size=1, max_size=6)),
        livraisons=[
            {
                "programme": "N",
                "commune": "00001",
                "date_mise_service": draw(DAYS.filter(lambda d: d.year > 2025)),
                "nb": 9,
            }
        ],
        soustractions=[
            {"annee": 2026, "categorie": "mutation", "etat": "previsionnel", "nb": draw(st.integers(0, 3))}
        ],
    )


@FEW
@given(dossiers())
def test_nothing_is_lost_from_one_year_to_the_next(d: Dossier) -> None:
    projection = project(d, annees=range(2026, 2029))
    check(projection)
    for before, after in pairwise(projection.quotas):
        assert set(after.dossier.soldes["annee"]) == {before.dossier.convention.annee}


@FEW
@given(dossiers())
def test_one_year_is_a_conversion(d: Dossier) -> None:
    pd.testing.assert_frame_equal(project(d, annees=[2026]).annee(2026).table, convert(d).table)
