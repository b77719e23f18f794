"""The samples: what they hold, and that the files are what the generator writes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from flux.dossier import read_dossier
from flux.noyau.errors import FluxError
from flux.samples import SAMPLES, Tables, generate, generate_parc, write
from flux.samples.leases import HORS_FLUX

COMMITTED = Path(__file__).parents[3] / "data" / "samples"


@pytest.fixture(scope="module")
def mire() -> Tables:
    return generate("val-de-mire")


@pytest.mark.parametrize("nom", SAMPLES)
def test_the_committed_files_are_those_that_the_generator_writes(nom: str, tmp_path: Path) -> None:
    folder = write(nom, tmp_path / nom)
    written = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert written == {path.name: path.read_bytes() for path in (COMMITTED / nom).iterdir()}


@pytest.mark.parametrize("nom", SAMPLES)
def test_read_without_a_defect_nor_a_repair(nom: str) -> None:
    dossier = read_dossier(COMMITTED / nom)
    assert {a.code for a in dossier.reparations} <= {
        "reservations.date_fin.terminee",
        "reservations.date_remboursement.absente",
        "reservations.date_remboursement.droit_eteint",
    }
    assert dossier.communes["obligation_25"].all()
    assert dossier.communes["origine"].eq("territoires").all()


@pytest.mark.parametrize("nom", SAMPLES)
def test_csv_as_french_excel_reads_it(nom: str) -> None:
    for path in (COMMITTED / nom).glob("*.csv"):
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in content
        assert b";" in content.splitlines()[0]


def test_nothing_is_overwritten_unless_asked(tmp_path: Path) -> None:
    write("cas-ecole", tmp_path)
    with pytest.raises(FluxError, match=r"logements\.csv"):
        write("cas-ecole", tmp_path)
    write("cas-ecole", tmp_path, ecraser=True)


def test_an_unknown_sample_suggests_a_known_one() -> None:
    with pytest.raises(FluxError, match="cas-ecole") as caught:
        generate("cas-école")
    assert caught.value.code == "echantillon.inconnu"


def test_cas_ecole_is_the_worked_example() -> None:
    tables = generate("cas-ecole")
    assert len(tables.logements) == 1000
    rights = tables.reservations.groupby("id_reservataire")["nb"].sum()
    assert rights.to_dict() == {
        "etat_agents": 50, "etat_prioritaires": 250, "action_logement": 350, "commune": 150,
        "departement": 20}
    assert tables.mouvements.groupby("annee")["nb"].sum().to_dict() == {2023: 75, 2024: 71, 2025: 73}
    assert tables.soustractions["nb"].sum() == 20
    assert (tables.logements["annee_mise_location"] < 2023).all()
    by_programme = tables.reservations.groupby("programme")["nb"].sum()
    assert (by_programme / tables.logements["programme"].value_counts()).eq(0.82).all()


def test_cas_ecole_turns_over_twice_as_fast_for_the_small() -> None:
    tables = generate("cas-ecole")
    stock = 3 * tables.logements["typologie"].value_counts()
    rates = tables.mouvements.groupby("typologie")["nb"].sum() / stock
    assert rates["T1"] == pytest.approx(0.10)
    assert rates["T5+"] == pytest.approx(0.05)


def test_val_de_mire_holds_what_a_real_register_holds(mire: Tables) -> None:
    rights, logements = mire.reservations, mire.logements
    assert 5900 <= len(logements) <= 6100
    assert logements["commune"].nunique() == len(mire.territoires) == 14
    assert set(logements.loc[logements["qpv"], "commune"]) == {"00101", "00102"}
    assert mire.territoires["carencee"].sum() == 1
    assert set(rights["id_reservataire"]) == set(mire.reservataires["id_reservataire"])
    ends = rights.loc[rights["contrepartie"].eq("garantie"), "date_remboursement"].dt.year + 5
    assert {2025, 2026} < set(ends.dropna())
    assert ends.max() > 2026
    assert set(rights.loc[rights["type_droit"].eq("unique"), "annee_prevue"]) == {2026, 2027}
    in_stock = rights.loc[rights["mode"].eq("stock"), "id_reservataire"].value_counts()
    assert in_stock.to_dict() == {"defense": 8, "hopital": 6}
    assert rights["part"].eq(0.5).sum() == 4
    assert set(logements["nature"]) == {"ordinaire", "foyer", "pli_lli"}
    assert {3, 4, 5} <= set(logements["occupation"])
    assert set(logements["motif_sortie"].dropna()) == {"demolition", "vente_occupant"}
    assert mire.livraisons["programme"].nunique() == 2
    assert logements["annee_mise_location"].eq(2025).any()


def test_val_de_mire_is_calibrated(mire: Tables) -> None:
    logements = mire.logements
    let = logements[~logements["occupation"].isin([3, 4, 5]) & logements["nature"].ne("foyer")]
    leases = mire.mouvements[mire.mouvements["etape"].eq("bail")]
    relet = leases[leases["nature"].ne("premiere_location")].merge(
        let[["id_logement", "typologie", "qpv"]])
    rates = relet["typologie"].value_counts() / let["typologie"].value_counts() / 3
    in_qpv = relet["qpv"].value_counts() / let["qpv"].value_counts() / 3
    assert len(relet) / len(let) / 3 == pytest.approx(0.095, abs=0.005)
    assert rates["T1"] / rates["T5+"] == pytest.approx(2, abs=0.4)
    assert in_qpv[False] / in_qpv[True] == pytest.approx(1.15, abs=0.1)
    base = let[let["nature"].eq("ordinaire") & let["date_sortie"].isna()]
    etat = mire.reservations[mire.reservations["id_reservataire"].str.startswith("etat")
                             & mire.reservations["programme"].isin(base["programme"])]
    assert etat["nb"].sum() / len(base) == pytest.approx(0.26, abs=0.005)


def test_done_subtractions_are_those_of_the_leases(mire: Tables) -> None:
    done = mire.soustractions[mire.soustractions["etat"].eq("realise")].groupby("categorie")["nb"].sum()
    moves = mire.mouvements
    leases = moves[moves["annee"].eq(2025) & moves["etape"].eq("bail")]["nature"].value_counts()
    assert done.to_dict() == {nature: leases[nature] for nature in done.index}


def test_each_lease_of_the_flow_was_oriented_proposed_and_attributed(mire: Tables) -> None:
    moves = mire.mouvements[mire.mouvements["annee"].eq(2025)]
    flow = moves[moves["etape"].eq("bail") & ~moves["nature"].isin(HORS_FLUX)]
    for etape in ("orientation", "proposition", "attribution"):
        through = moves[moves["etape"].eq(etape) & moves["issue"].eq("aucune")]
        assert sorted(through["id_logement"]) == sorted(flow["id_logement"])
    failed = moves[moves["issue"].notna() & moves["issue"].ne("aucune") & moves["etape"].eq("orientation")]
    assert len(failed) / len(flow) == pytest.approx(0.20, abs=0.05)


@pytest.mark.parametrize(("nb_logements", "nb_communes", "part_qpv"),
                         [(10, 1, 0.0), (400, 4, 0.3), (90, 2, 1.0)])
def test_a_parc_of_any_size_reads_clean(nb_logements: int, nb_communes: int, part_qpv: float,
                                        tmp_path: Path) -> None:
    tables = generate_parc(nb_logements=nb_logements, nb_communes=nb_communes, part_qpv=part_qpv, seed=7)
    dossier = read_dossier(write(tables, tmp_path / "parc"))
    assert len(dossier.logements) == nb_logements
    assert dossier.logements["commune"].nunique() == nb_communes


def test_never_more_rights_than_dwellings() -> None:
    tables = generate_parc(nb_logements=3000, nb_communes=10, seed=3)
    rights = tables.reservations.groupby("programme")["nb"].sum()
    assert (rights <= tables.logements["programme"].value_counts().reindex(rights.index)).all()


def test_a_seed_is_a_dossier() -> None:
    one, same, other = (generate_parc(nb_logements=300, nb_communes=3, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.mouvements, same.mouvements)
    assert not one.logements.equals(other.logements)


@pytest.mark.parametrize("wrong", [{"nb_communes": 0}, {"nb_logements": 9}, {"part_qpv": 1.2},
                                   {"part_etat": 0.4}, {"taux_rotation": 0.0}])
def test_sizes_and_shares_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"nb_communes|part_qpv"):
        generate_parc(**{"nb_logements": 100, "nb_communes": 1, "seed": 1, **wrong})  # type: ignore[arg-type]

