"""The sample, read once; the same with the four stages of each event; its files, read by pandas alone."""

from dataclasses import replace

import pandas as pd
import pytest

from flux import draft_bilan, read_dossier

ANNEE = 2025


@pytest.fixture(scope="session")
def echantillon(racine):
    """The sample as it is: every stage of the past year."""
    return read_dossier(racine / "data/samples/val-de-mire")


@pytest.fixture(scope="session")
def val(echantillon):
    """The sample of a bailleur that keeps its leases alone, as most do."""
    moves = echantillon.mouvements
    return _with_table(echantillon, "mouvements", moves.loc[moves["etape"] == "bail"])


@pytest.fixture(scope="session")
def bilan(val):
    return draft_bilan(val, annee=ANNEE)


@pytest.fixture(scope="session")
def baux(racine):
    """The leases of the year with their dwelling: nothing of the library in it."""
    folder = racine / "data/samples/val-de-mire"

    def table(nom):
        return pd.read_csv(
            folder / f"{nom}.csv", sep=";", decimal=",", encoding="utf-8-sig", dtype={"commune": str}
        )

    moves = table("mouvements").query("annee == @ANNEE and etape == 'bail'").assign(nb=1)
    rows = moves.merge(table("logements"), on="id_logement", how="left", validate="many_to_one")
    year = rows["annee_construction"]
    limits = [0, 1949, 1975, 1990, 2005, 9999]
    names = ["avant 1949", "1949-1974", "1975-1989", "1990-2004", "2005 et après"]
    rows["periode"] = pd.cut(year, limits, right=False, labels=names).astype(str)
    rows["qpv"] = rows["qpv"].map({"oui": "en QPV", "non": "hors QPV"})
    out_of_scope = rows["nature_y"].isin(["foyer", "residence_etudiante", "pli_lli"]) | rows[
        "financement"
    ].eq("PLI")
    inside = rows["nature_x"].isin(["relocation", "premiere_location"])
    rows["porteur"] = rows["id_reservataire"].where(inside, "hors_flux").mask(out_of_scope, "hors_champ")
    return rows


def _with_table(dossier, nom, rows):
    """The dossier with another table, in the types of its own."""
    old = dossier.tables[nom]
    typed = rows.reindex(columns=old.columns).astype(old.dtypes.to_dict()).reset_index(drop=True)
    return replace(dossier, tables={**dossier.tables, nom: typed})


@pytest.fixture(scope="session")
def with_table():
    return _with_table


def _staged(dossier):
    """Each lease of the year was oriented, proposed and attributed; some orientations failed besides."""
    moves = dossier.mouvements
    leases = moves.loc[moves["annee"] == ANNEE]
    before = [leases.assign(etape=etape) for etape in ("orientation", "proposition", "attribution")]
    failed = (
        leases.loc[leases["nature"] == "relocation"].head(40).assign(etape="orientation", id_logement=None)
    )
    issues = ["sans_candidat", "refus_candidat", "refus_caleol", "remis_bailleur", "remis_maire"] * 8
    return _with_table(
        dossier, "mouvements", pd.concat([moves, *before, failed.assign(issue=issues, commune="00101")])
    )


@pytest.fixture(scope="session")
def complet(val):
    return _staged(val)


@pytest.fixture(scope="session")
def bilan_complet(complet):
    return draft_bilan(complet, annee=ANNEE)
