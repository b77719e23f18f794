"""From three files to a dossier: what is written can be read back, and what is missing is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flux.dossier import build_dossier, read_dossier
from flux.noyau.errors import DataError, FluxError

Ecrire = Callable[..., Path]
REGISTRE = (
    "Id réservataire;nom;Catégorie;territoire_type;territoire_code;IDENT_REP;contrepartie;date_debut;agence\n"
    "prefet;Préfet;etat_prioritaires;departement;72;1000000000;legal;2001;A\n"
    "ville;Le Mans;commune;commune;72181;L2;garantie;01/05/2003;A\n"
    "ville;Le Mans;commune;commune;72181;1000000003;garantie;01/05/2003;A\n"
)
SNE = (
    "NUMERO_UNIQUE;NUMERORPLS;COMMUNE_LOGEMENT_ATTRIB;TYPE_LOGEMENT_ATTRIB;DATE_SIGNATURE_BAIL;TYPE_RESERVATAIRE\n"
    "S1;1000000000;72181;T3;01/02/2025;Préfecture\nS2;1000000001;72181;T3;01/02/2025;Employeur\n"
    "S3;1000000004;72181;T3;01/02/2025;Préfecture\nS4;1999999999;72181;T3;01/02/2025;Préfecture\n"
)


@pytest.fixture
def fichiers(ecrire: Ecrire, tmp_path: Path) -> dict[str, Path]:
    stock = [
        {},
        {"QPV": "1"},
        {},
        {"CONTRESLOG": "41"},
        {"LOCAT": "2025"},
        {"SORTIEPATRIM": "4", "MODE": "9"},
    ]
    paths = {"rpls": ecrire("restreint", stock), "registre": tmp_path / "r.csv", "sne": tmp_path / "sne.csv"}
    paths["registre"].write_text(REGISTRE, encoding="utf-8")
    paths["sne"].write_text(SNE, encoding="utf-8")
    return paths


def test_three_files_make_a_dossier_that_is_read_back(fichiers: dict[str, Path], tmp_path: Path) -> None:
    made = build_dossier(tmp_path / "d", **fichiers, annee=2026, types_sne={"Préfecture": "prefet"})
    assert not made.defauts
    dossier = read_dossier(tmp_path / "d")
    assert dossier.convention.bailleur.nom == "HABITAT DU MANS"
    assert dossier.convention.bailleur.siren == "055123456"
    assert dossier.reservations["id_logement"].tolist() == ["L0", "L2", "L3"]
    assert len(dossier.logements) == 6
    assert set(dossier.reservataires["id_reservataire"]) == {"prefet", "ville"}

    leases = dossier.mouvements
    assert leases["nb"].sum() == 3, "the lease on a dwelling that is not in the stock is left aside"
    assert sorted(leases["nature"]) == ["premiere_location", "relocation", "relocation"]
    assert leases["id_reservataire"].notna().sum() == 2
    assert leases["qpv"].sum() == 1, "what the RPLS says of the dwelling prevails"
    assert leases["id_logement"].isna().all() and leases["date"].isna().all()
    codes = {a.code for a in made.reparations}
    assert {"sne.hors_parc", "sne.type_reservataire", "registre.id_logement.id_rpls"} <= codes

    found = made.contingents.groupby("constat")["nb"].sum().to_dict()
    assert found == {"accord": 2, "contradiction": 3}
    missing = made.manques.set_index(["table", "colonne"]).index
    assert ("reservations", "date_fin") in missing
    assert ("convention", "choix") in missing
    assert "mouvements" not in set(made.manques["table"])


def test_the_same_files_give_the_same_bytes(fichiers: dict[str, Path], tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        build_dossier(tmp_path / name, **fichiers, annee=2026)
        written.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
    assert written[0] == written[1]


def test_nothing_of_a_person_is_written(fichiers: dict[str, Path], tmp_path: Path) -> None:
    build_dossier(tmp_path / "d", **fichiers, annee=2026)
    text = "".join(p.read_text(encoding="utf-8-sig") for p in (tmp_path / "d").iterdir())
    assert "S1" not in text
    assert "01/02/2025" not in text
    assert "2025-02-01" not in text


def test_without_movements_the_mobility_of_the_rpls_is_offered(
    fichiers: dict[str, Path], tmp_path: Path
) -> None:
    made = build_dossier(tmp_path / "d", rpls=fichiers["rpls"], registre=fichiers["registre"], annee=2026)
    (remedy,) = made.manques.loc[made.manques["table"].eq("mouvements"), "correction"]
    assert "La mobilité 2025 du RPLS" in remedy
    assert [a.code for a in made.defauts] == ["convention.hypotheses.rotation_absente"]
    assert "1 défaut à corriger" in repr(made)
    given = build_dossier(
        tmp_path / "e",
        rpls=made.parc,
        registre=fichiers["registre"],
        convention={"hypotheses": {"taux_rotation": 0.07}, "bailleur": {"nom": "Autre"}},
    )
    assert given.examen.dossier is not None
    assert given.examen.dossier.convention.bailleur.nom == "Autre"


def test_what_is_there_is_not_written_over(fichiers: dict[str, Path], tmp_path: Path) -> None:
    build_dossier(tmp_path / "d", **fichiers, annee=2026)
    with pytest.raises(FluxError) as caught:
        build_dossier(tmp_path / "d", **fichiers, annee=2026)
    assert caught.value.code == "fichier.existe"
    build_dossier(tmp_path / "d", **fichiers, annee=2026, ecraser=True)


def test_a_register_with_defects_is_refused_at_its_lines(fichiers: dict[str, Path], tmp_path: Path) -> None:
    fichiers["registre"].write_text(REGISTRE.replace("01/05/2003", "mai"), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        build_dossier(tmp_path / "d", **fichiers, annee=2026)
    assert caught.value.table["ligne"].tolist() == [3, 4]
    assert not (tmp_path / "d").exists()
    fichiers["registre"].write_text("id_reservatair;nb\nx;1\n", encoding="utf-8")
    with pytest.raises(DataError, match="id_reservatair") as caught:
        build_dossier(tmp_path / "d", **fichiers, annee=2026)
    assert caught.value.code == "registre.entete"


def test_what_the_register_says_twice_or_of_nobody_is_to_be_checked(
    fichiers: dict[str, Path], tmp_path: Path
) -> None:
    other = "ville;Ville du Mans;commune;commune;72181;INCONNU;garantie;01/05/2003;A\n"
    fichiers["registre"].write_text(REGISTRE + other, encoding="utf-8")
    made = build_dossier(tmp_path / "d", **fichiers, annee=2026)
    places = {a.code: a.ligne for a in made.reparations}
    assert places["registre.nom.desaccord"] == 5
    assert places["registre.id_logement.inconnu"] == 5
    assert [a.code for a in made.defauts] == ["reservations.id_logement.inconnu"]


def test_the_holders_may_be_in_a_table_of_their_own(fichiers: dict[str, Path], tmp_path: Path) -> None:
    fichiers["registre"].write_text("id_reservataire;id_logement\nprefet;L0\n", encoding="utf-8")
    bare = build_dossier(tmp_path / "a", **fichiers, annee=2026)
    assert {"nom", "categorie", "territoire_type", "territoire_code"} <= set(bare.manques["colonne"].dropna())
    holders = tmp_path / "holders.csv"
    holders.write_text(
        "id_reservataire;nom;categorie;territoire_type;territoire_code\n"
        "prefet;Préfet;etat_prioritaires;departement;72\n",
        encoding="utf-8",
    )
    made = build_dossier(tmp_path / "b", **fichiers, reservataires=holders, annee=2026)
    assert not made.defauts
