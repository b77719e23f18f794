import io
import zipfile
from datetime import date

import pytest

from flux.annexe import fichiers
from flux.noyau.errors import FluxError


@pytest.mark.parametrize("suffix", ["docx", "html"])
def test_two_runs_give_the_same_bytes(annexe, tmp_path, suffix):
    first = annexe.save(tmp_path / f"a.{suffix}").read_bytes()
    assert annexe.save(tmp_path / f"b.{suffix}").read_bytes() == first
    assert str(tmp_path).encode() not in first


def test_an_existing_file_is_refused_then_replaced_on_request(annexe, tmp_path):
    target = tmp_path / "annexe.html"
    target.write_text("déjà là")
    with pytest.raises(FluxError, match="existe déjà") as caught:
        annexe.save(target)
    assert caught.value.code == "fichier.existe"
    assert target.read_text() == "déjà là"
    annexe.save(target, ecraser=True)
    assert target.read_text().startswith("<!doctype html>")


def test_an_unknown_format_names_those_that_exist(annexe, tmp_path):
    with pytest.raises(FluxError, match=r"\.docx, \.html, \.json, \.pdf, \.xlsx") as caught:
        annexe.save(tmp_path / "annexe.odt")
    assert caught.value.code == "fichier.format_inconnu"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_said(annexe, tmp_path):
    with pytest.raises(FluxError) as caught:
        annexe.save(tmp_path / "absent" / "annexe.html")
    assert caught.value.code == "fichier.repertoire_absent"


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    target = tmp_path / "annexe.html"
    target.write_text("ancien")
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("disque plein")))
    with pytest.raises(OSError, match="disque plein"):
        fichiers.write_whole(target, b"nouveau")
    assert [p.name for p in tmp_path.iterdir()] == ["annexe.html"]
    assert target.read_text() == "ancien"


def test_an_archive_forgets_the_clock():
    def make(day):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name in ("b.xml", "[Content_Types].xml", "a.xml"):
                archive.writestr(zipfile.ZipInfo(name, (day, 5, 6, 7, 8, 10)), name)
        return fichiers.stable_zip(out.getvalue(), date(2026, 1, 1))

    assert make(2024) == make(2025)
    with zipfile.ZipFile(io.BytesIO(make(2024))) as archive:
        assert archive.namelist() == ["[Content_Types].xml", "a.xml", "b.xml"]
        assert {i.date_time for i in archive.infolist()} == {(2026, 1, 1, 0, 0, 0)}
