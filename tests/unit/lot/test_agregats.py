"""Added up, dossiers give what they gave one by one; read across, an EPCI is what its bailleurs owe there."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import flux
from flux.lot.categories import departements

NIVEAUX = ("epci", "departement", "region", "pays")


@pytest.mark.parametrize("niveau", NIVEAUX)
def test_sums_are_those_of_the_dossiers(en_serie: flux.Lot, niveau: str) -> None:
    agregat = en_serie.agreger(niveau)
    for column in ("nb_logements", "liberations", "soustraits", "flux_net", "flux_a_partager"):
        assert agregat.flux[column].sum() == pytest.approx(en_serie.read("flux")[column].sum(), abs=1e-9)
    assert agregat.quotas["nb"].sum() == en_serie.quotas["quota"].sum()
    assert agregat.quotas["exact"].sum() == pytest.approx(en_serie.quotas["quota_exact"].sum(), abs=1e-9)
    assert agregat.quotas["nb_droits"].sum() == pytest.approx(en_serie.read("droits")["nb"].sum(), abs=1e-9)
    assert agregat.quotas.groupby("territoire_code")["part"].sum().to_numpy() == pytest.approx(1)
    rows = en_serie.objectifs.loc[lambda t: ~t["niveau"].isin(["physique", "equite"]) & t["seuil"].notna()]
    for column in ("base", "seuil", "atteint", "manque", "manque_entier"):
        assert agregat.objectifs[column].sum() == pytest.approx(rows[column].sum(), abs=1e-9)
    assert agregat.objectifs["nb_objectifs"].sum() == len(rows)


@pytest.mark.parametrize("niveau", NIVEAUX)
def test_gains_are_those_of_the_dossiers(en_serie: flux.Lot, niveau: str) -> None:
    gains = en_serie.agreger(niveau).gains
    own = en_serie.gains.loc[lambda t: (t["territoire_code"] == "*") & (t["indicateur"] == "orientations")]
    alone = gains.loc[gains["categorie"] != "reservataires"]
    for column in ("stock_moyen", "flux_moyen", "ecart_moyen"):
        assert alone[column].sum() == pytest.approx(own[column].sum(), abs=1e-9)
    assert (gains["flux_moyen"] - gains["stock_moyen"]).to_numpy() == pytest.approx(
        gains["ecart_moyen"].to_numpy(), abs=1e-9)
    assert gains["p_perte"].between(0, 1).all()


def test_the_variance_of_the_sum_is_that_of_its_runs(en_serie: flux.Lot) -> None:
    runs = en_serie.read("tirages").drop(columns="bailleur").set_index("dossier")
    reserved = runs.drop(columns="000000001 bailleur").sum(axis=1).groupby("dossier").agg(list)
    added = np.sum([np.array(of) for of in reserved], axis=0)
    gains = en_serie.agreger("pays").gains.set_index("categorie")
    assert gains.loc["reservataires", "ecart_type"] == pytest.approx(added.std(ddof=1))
    assert gains.loc["reservataires", "p_perte"] == (added < -1).mean()
    assert gains.loc["reservataires", "ecart_moyen"] == pytest.approx(added.mean())


def test_one_epci_over_its_bailleurs(en_serie: flux.Lot) -> None:
    view = en_serie.multipartite("Communauté d'agglomération de l'École")
    assert view.epci == "000000001"
    assert set(view.bailleurs.values()) == {"Habitat de l'École", "Logis de l'École"}
    columns = list(view.bailleurs)
    quotas = en_serie.quotas.groupby("dossier")["quota"].sum()
    assert view.table[columns].sum().to_dict() == quotas.to_dict()
    assert (view.table[columns].sum(axis=1) == view.table["total"]).all()
    assert len(view.table) == en_serie.quotas["id_reservataire"].nunique()  # the same holder is one row
    assert view.flux["flux_a_partager"].sum() == pytest.approx(view.table["total"].sum(), abs=1e-6)
    assert set(view.objectifs["objectif"]) >= {"q1_hors_qpv", "autres_qpv"}
    assert "2 bailleurs" in str(view) and "Logis de l" in view._repr_html_()
    assert view.to_dict()["epci"] == "000000001"


def test_pictures_and_faces(en_serie: flux.Lot, tmp_path: Path) -> None:
    for niveau in NIVEAUX:
        agregat = en_serie.agreger(niveau)
        assert "à partager dans l'année" in str(agregat) and agregat.to_dict()["niveau"] == niveau
        for genre in ("quotas", "objectifs", "gains"):
            agregat.plot(genre).savefig(tmp_path / f"{niveau}_{genre}.png")
    en_serie.multipartite("000000001").plot().savefig(tmp_path / "m.png")
    en_serie.plot("gains").savefig(tmp_path / "l.png")
    assert not plt.get_fignums()


def test_said_when_it_cannot(en_serie: flux.Lot, dossiers: Path, tmp_path: Path) -> None:
    for code, ask in (("lot.niveau", lambda: en_serie.agreger("regions")),
                      ("lot.epci", lambda: en_serie.multipartite("Rennes")),
                      ("image.inconnue", lambda: en_serie.plot("carte"))):
        with pytest.raises(flux.FluxError) as caught:
            ask()
        assert caught.value.code == code
    lot = flux.lot(dossiers / "un", tmp_path, executeur="serie", etapes=("convert",))
    bare = lot.agreger("pays")
    assert bare.gains.empty and bare.objectifs.empty and bare.quotas["nb"].sum() == 53
    assert lot.multipartite("000000001").objectifs.empty and str(bare)
    flux.lot({"autre": dossiers / "un" / "ecole"}, tmp_path, executeur="serie", etapes=("simulate",), seed=1,
             runs=2)
    assert "sans 1 dossier non simulé" in str(flux.read_lot(tmp_path).agreger("pays"))
    flux.lot({"tiers": dossiers / "un" / "ecole"}, tmp_path, executeur="serie", etapes=("simulate",), seed=1,
             runs=3)
    with pytest.raises(flux.FluxError) as caught:
        flux.read_lot(tmp_path).agreger("pays")
    assert caught.value.code == "lot.tirages"


def test_every_departement_has_a_region() -> None:
    known = departements()
    assert len(known) == 101 and known["region"].nunique() == 18
    assert known.loc["72", ["nom", "region_nom"]].tolist() == ["Sarthe", "Pays de la Loire"]
