"""What a lot does of its dossiers, what it leaves on disk, and what it does again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from commun import ASKED, contents

import flux
from flux.cli import run
from flux.lot import travail
from flux.lot.disque import read_table, write_tables

NOMS = ["casse", "deux-ecole", "un-ecole"]


@pytest.fixture
def copie(en_serie: flux.Lot, tmp_path: Path) -> Path:
    return Path(shutil.copytree(en_serie.sortie, tmp_path / "sortie"))


def again(dossiers: Path, sortie: Path, **options: object) -> tuple[flux.Lot, list[str]]:
    """The lot once more, and the names of the dossiers whose folder changed."""
    before = {p: p.stat().st_mtime_ns for p in sortie.glob("*/fait.json")}
    lot = flux.lot(dossiers, sortie, executeur="serie", **{**ASKED, **options})  # type: ignore[arg-type]
    now = {p: p.stat().st_mtime_ns for p in sortie.glob("*/fait.json")}
    return lot, sorted(p.parent.name for p, at in now.items() if at != before.get(p))


def test_one_broken_dossier_is_reported_and_the_others_done(en_serie: flux.Lot) -> None:
    table = en_serie.table.set_index("dossier")
    assert list(table.index) == NOMS
    assert table["statut"].tolist() == ["defauts", "fait", "fait"]
    assert table.loc["un-ecole", ["logements", "flux", "etape"]].tolist() == [1000, 53, "simulate"]
    assert table.loc["casse", "message"].startswith("1 défaut : logements.csv, ligne 2")
    assert en_serie.erreurs[["dossier", "fichier", "ligne", "valeur"]].to_numpy().tolist() == [
        ["casse", "logements.csv", 2, "PLUSS"]]
    assert "3 dossiers : 2 faits, 1 autre à revoir" in str(en_serie)
    assert "<table" in en_serie._repr_html_()
    assert json.loads(json.dumps(en_serie.to_dict()))["lot"]["table"][0]["statut"] == "defauts"


def test_the_tables_are_those_of_the_verbs(en_serie: flux.Lot, dossiers: Path) -> None:
    quotas = flux.convert(flux.read_dossier(dossiers / "un" / "ecole"))
    plan = flux.allocate(quotas)
    mine = {name: getattr(en_serie, name) for name in ("quotas", "objectifs", "gains")}
    mine |= {"communes": en_serie.read("communes"), "flux": en_serie.read("flux")}
    [fait] = [f for f in en_serie.faits if f.nom == "un-ecole"]
    bascule = flux.simulate(quotas.dossier, seed=fait.graine, runs=20)
    for name, made in {"quotas": quotas.table, "communes": quotas.communes, "flux": quotas.flux,
                       "objectifs": plan.objectifs, "gains": bascule.table}.items():
        rows = mine[name].loc[mine[name]["dossier"] == "un-ecole"].reset_index(drop=True)
        for column in made.select_dtypes("number"):
            assert rows[column].astype(float).equals(made[column].astype(float)), (name, column)
    annexe = json.loads((en_serie.sortie / "un-ecole" / "annexe_2026.json").read_text(encoding="utf-8"))
    assert annexe == json.loads(json.dumps(annexe))


def test_dossiers_draw_nothing_in_common(en_serie: flux.Lot) -> None:
    seeds = {f.nom: f.graine for f in en_serie.faits}
    assert len(set(seeds.values())) == len(seeds)
    runs = en_serie.read("tirages").groupby("dossier").agg(list)
    assert runs.loc["un-ecole"].tolist() != runs.loc["deux-ecole"].tolist()


def test_what_is_done_is_not_done_again(dossiers: Path, copie: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(copie)
    monkeypatch.setattr(travail, "read_dossier", lambda path: pytest.fail("read again"))
    lot, changed = again(dossiers, copie)
    assert not changed and contents(copie) == before
    assert str(lot) == str(flux.read_lot(copie))


def test_a_crash_loses_only_what_was_not_finished(dossiers: Path, copie: Path, en_serie: flux.Lot) -> None:
    shutil.rmtree(copie / "un-ecole")
    (copie / ".flux" / "un-ecole" / "tmp").mkdir(parents=True)  # what a killed process leaves
    assert len(flux.read_lot(copie).table) == 2
    _, changed = again(dossiers, copie)
    assert changed == ["un-ecole"]
    assert contents(copie) == contents(en_serie.sortie)
    assert not (copie / ".flux").exists()


def test_what_changed_is_done_again(dossiers: Path, copie: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(dossiers, tmp_path / "dossiers"))
    convention = mine / "un" / "ecole" / "convention.toml"
    convention.write_text(convention.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert again(mine, copie, etapes=ASKED["etapes"])[1] == ["un-ecole"]
    (copie / "un-ecole" / "notes.txt").write_text("à moi", encoding="utf-8")
    lot, changed = again(mine, copie, etapes=("convert",))
    assert changed == NOMS
    assert set(lot.table["etape"]) == {"", "convert"}
    left = {p.name for p in (copie / "un-ecole").iterdir()}
    assert "notes.txt" in left and "gains.csv" not in left and "annexe_2026.json" not in left
    assert again(mine, copie, etapes=("convert",), seed=1, runs=3)[1] == []  # neither matters to a conversion
    assert again(mine, copie, etapes=("convert",), reprendre=False)[1] == NOMS


def test_our_own_failure_is_kept_with_its_traceback(
    dossiers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(quotas: flux.Quotas, **_: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(travail, "allocate", fails)
    lot = flux.lot({"un": dossiers / "un" / "ecole"}, tmp_path / "s", executeur="serie")
    [row] = lot.table.to_dict("records")
    assert (row["statut"], row["etape"], row["flux"]) == ("echec", "convert", 53)
    assert "boom" in (tmp_path / "s" / "un" / "erreur.txt").read_text(encoding="utf-8")
    assert lot.erreurs["code"].tolist() == ["lot.echec"]
    assert len(lot.quotas)  # what was done before is kept
    monkeypatch.undo()
    lot = flux.lot({"un": dossiers / "un" / "ecole"}, tmp_path / "s", executeur="serie")
    assert lot.table["statut"].tolist() == ["fait"]  # a failure of ours is tried again
    assert lot.erreurs.empty and not (tmp_path / "s" / "un" / "erreur.txt").exists()


@pytest.mark.parametrize(
    ("code", "dossiers_", "options"),
    [
        ("lot.etape", ["un"], {"etapes": ("convertir",)}),
        ("lot.etape", ["un"], {"etapes": ()}),
        ("lot.vide", ["vide"], {}),
        ("lot.homonymes", ["un/ecole", "deux/ecole"], {}),
        ("lot.executeur", ["un"], {"executeur": "procesus"}),
        ("lot.travailleurs", ["un"], {"travailleurs": 0}),
        ("simulation.graine", ["un"], {"etapes": ("simulate",)}),
        ("simulation.runs", ["un"], {"etapes": ("simulate",), "seed": 1, "runs": 1}),
        ("fichier.format_inconnu", ["un"], {"formats": ("doc",)}),
    ],
)
def test_refused_before_any_work(
    dossiers: Path, tmp_path: Path, code: str, dossiers_: list[str], options: dict[str, object]
) -> None:
    (tmp_path / "vide").mkdir()
    paths = [tmp_path / "vide" if d == "vide" else dossiers / d for d in dossiers_]
    with pytest.raises(flux.FluxError) as caught:
        flux.lot(paths, tmp_path / "s", **options)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert not (tmp_path / "s").exists()


def test_files_of_others_are_left_alone(dossiers: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(dossiers / "un", tmp_path / "un"))
    for sortie, code in ((mine / "ecole", "lot.sortie"), (mine / "ecole" / "r", "lot.sortie"),
                         (mine, "lot.sortie")):
        with pytest.raises(flux.FluxError) as caught:
            flux.lot(mine, sortie, executeur="serie")
        assert caught.value.code == code
    (tmp_path / "s" / "ecole").mkdir(parents=True)
    (tmp_path / "s" / "ecole" / "flux.csv").write_text("à moi", encoding="utf-8")
    with pytest.raises(flux.FluxError) as caught:
        flux.lot(mine, tmp_path / "s", executeur="serie")
    assert caught.value.code == "fichier.existe"
    with pytest.raises(flux.FluxError) as caught:
        flux.read_lot(tmp_path / "s")
    assert caught.value.code == "lot.vide"


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    frame = pd.DataFrame({"commune": ["01004", "2A004"], "nom": ["=SOMME(A1)", "L'Île ; « d'Yeu »"],
                          "nb": [1, 2], "exact": [0.1 + 0.2, 1 / 3]})
    write_tables(tmp_path, {"t": frame})
    back = read_table(tmp_path / "t.csv")
    assert back.to_dict("list") == frame.to_dict("list")


def test_in_a_terminal(dossiers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--sortie", str(tmp_path / "s"), "--etapes", "convert", "--executeur", "serie"]
    assert run(["lot", str(dossiers), *words]) == 1
    out, err = capsys.readouterr()
    assert "3 dossiers : 2 faits, 1 autre à revoir" in out and not err
    assert run(["lot", str(dossiers / "un"), *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["commande"] == "lot"
    assert run(["lot", str(dossiers), "--sortie", str(tmp_path / "s"), "--etapes", "convertir"]) == 2
    assert "n'est pas une étape" in capsys.readouterr().err
