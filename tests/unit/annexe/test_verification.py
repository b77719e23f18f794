"""Zero trust: what was changed in an annex is found, what was not is never said to be."""

from __future__ import annotations

import io
import json
import random
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest

import flux
from flux.annexe import fichiers, identite
from flux.annexe.verification.formules import normal, reads
from flux.annexe.verification.verification import against
from flux.cli import run
from flux.noyau.errors import FluxError

SAMPLES = Path(__file__).parents[3] / "data" / "samples"
FORMATS = ("json", "docx", "html", "xlsx")
SEED, NB = 2026, 20


@pytest.fixture(scope="module")
def plan():
    return flux.allocate(flux.convert(flux.read_dossier(SAMPLES / "val-de-mire")))


@pytest.fixture(scope="module")
def annexe(plan):
    return flux.draft_annexe(plan)


@pytest.fixture(scope="module")
def contents(annexe):
    """The annex in each format."""
    return {suffix: fichiers.render(annexe, f".{suffix}") for suffix in FORMATS}


@pytest.fixture
def check(annexe, contents, tmp_path, monkeypatch):
    """Verify some bytes against the annex, written once by format."""
    monkeypatch.setattr(fichiers, "render", lambda _, suffix: contents[suffix[1:]])

    def checked(content, suffix):
        path = tmp_path / f"recu.{suffix}"
        path.write_bytes(content)
        return against(path, annexe)

    return checked


def other(text, draw):
    """The same text with one of its digits changed, among the first: nobody reads the tenth decimal."""
    places = [i for i, c in enumerate(text) if c.isdigit()][:7]
    i = draw.choice(places)
    return f"{text[:i]}{draw.choice([c for c in '123456789' if c != text[i]])}{text[i + 1 :]}"


def rezip(content, changes):
    """An archive with some of its parts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(name, changes.get(name, source.read(name)))
    return out.getvalue()


def part(content, name):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name).decode()


def swap(content, name, pattern, draw):
    """One digit changed in one of the texts of a part that the pattern catches."""
    text = part(content, name) if name else content.decode()
    found = draw.choice([m for m in re.finditer(pattern, text) if any(c.isdigit() for c in m[1])])
    changed = text[: found.start(1)] + other(found[1], draw) + text[found.end(1) :]
    return rezip(content, {name: changed}) if name else changed.encode()


def tamper_json(content, draw):
    document = json.loads(content)
    tables = [t for s in document["sections"] for t in s["tableaux"] if t["lignes"]]
    values = draw.choice(draw.choice(tables)["lignes"])["valeurs"]
    column = draw.choice([c for c, v in values.items() if v is not None])
    value = values[column]
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    values[column] = value + draw.choice([1, -1, 0.001]) if numeric else f"{value} "[::-1]
    return json.dumps(document).encode()


def tamper_docx(content, draw):
    return swap(content, "word/document.xml", r"<w:t(?: [^>]*)?>([^<]+)</w:t>", draw)


def tamper_html(content, draw):
    head, body = content.split(b"<body>")
    return head + b"<body>" + swap(body, "", r">([^<>]*\d[^<>]*)<", draw)


NUMBER_CELL = r'<c r="[A-Z]+\d+"(?: s="\d+")?>(?:<f>[^<]*</f>)?<v>([^<]+)</v>'


def tamper_xlsx(content, draw):
    """A value, under a formula or not, or a string of the workbook that a cell shows."""
    if draw.random() < 0.25:
        return swap(content, "xl/sharedStrings.xml", r"<t(?: [^>]*)?>([^<]+)</t>", draw)
    number = r'<c r="[A-Z]+\d+"(?: s="\d+")?>(?:<f>[^<]*</f>)?<v>([^<]+)</v>'
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [n for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
    return swap(content, draw.choice([n for n in names if re.search(number, part(content, n))]), number, draw)


TAMPER = {"json": tamper_json, "docx": tamper_docx, "html": tamper_html, "xlsx": tamper_xlsx}


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_was_not_touched_is_ok(check, contents, suffix):
    found = check(contents[suffix], suffix)
    assert found.conforme, found
    assert found.remarques == ()
    assert found.nb_chiffres > 500
    assert repr(found).startswith(f"recu.{suffix} : OK, ")


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_of_twenty_tamperings_is_found(check, contents, suffix):
    draw = random.Random(f"{SEED} {suffix}")
    for _ in range(NB):
        found = check(TAMPER[suffix](contents[suffix], draw), suffix)
        assert not found.conforme
        assert len(found.table) >= 1
        assert "écart" in repr(found)


def replaced(content, suffix, old, new):
    """One text replaced by another, whatever the format."""
    if suffix == "docx":
        text = part(content, "word/document.xml")
        assert old in text
        return rezip(content, {"word/document.xml": text.replace(old, new, 1)})
    assert old in content.decode()
    return content.decode().replace(old, new, 1).encode()


def chosen(annexe):
    """A share, a sentence, a date, as pages write them."""
    tables = {t.cle: t.cellules() for s in annexe.sections for t in s.tableaux}
    days = (c for row in tables["livraisons.programmes"].lignes for c in row)
    return {
        "part": next(c for row in tables["taux.quotas"].lignes for c in row if "%" in c),
        "phrase": annexe.sections[0].paragraphes[1].split()[0],
        "date": next(c for c in days if re.fullmatch(r"[\d/]{10}", c)),
    }


@pytest.mark.parametrize("suffix", ["docx", "html"])
@pytest.mark.parametrize("what", ["part", "phrase", "date"])
def test_a_share_a_sentence_a_date(check, annexe, contents, suffix, what):
    old = chosen(annexe)[what]
    new = old.replace(old[0], "9" if old[0] != "9" else "8", 1)
    content = contents[suffix]
    if suffix == "html":  # an html page shows ordinary spaces as no-break ones
        head, body = content.decode().split("<body>")
        assert old in body
        changed = f"{head}<body>{body.replace(old, new, 1)}".encode()
    else:
        changed = replaced(content, suffix, old, new)
    found = check(changed, suffix)
    assert not found.conforme
    assert len(found.table) == 1
    assert found.table["section"].iloc[0]


@pytest.mark.parametrize("suffix", ["docx", "html", "json"])
def test_a_quota_is_placed_and_says_where_it_comes_from(check, annexe, contents, suffix):
    rank = next(i for i, s in enumerate(annexe.sections) if s.cle == "taux")
    tableau = next(t for t in annexe.sections[rank].tableaux if t.cle == "taux.quotas")
    cells = tableau.cellules()
    row = next(r for r in cells.lignes if int(r[cells.entetes.index("Quota")]) > 9)
    quota = row[cells.entetes.index("Quota")]
    content = contents[suffix]
    if suffix == "json":
        document = json.loads(content)
        lines = next(t for t in document["sections"][rank]["tableaux"] if t["cle"] == "taux.quotas")["lignes"]
        lines[cells.lignes.index(row)]["valeurs"]["quota"] += 1
        changed = json.dumps(document).encode()
    else:
        text = part(content, "word/document.xml") if suffix == "docx" else content.decode()
        # the table, then the row, then its quota
        start = text.index(
            "Du droit au quota, par réservataire",
            text.index("Du droit au quota") if suffix == "docx" else text.index("<main"),
        )
        start = text.index(row[0].split()[0], start)
        place = re.compile(rf">{quota}<").search(text, start).start() + 1
        more = text[:place] + str(int(quota) + 1) + text[place + len(quota) :]
        changed = rezip(content, {"word/document.xml": more}) if suffix == "docx" else more.encode()
    found = check(changed, suffix)
    assert len(found.table) == 1, found
    said = found.table.iloc[0]
    assert said["nature"] == "chiffre"
    assert said["section"] == annexe.sections[rank].titre
    assert said["tableau"] == tableau.titre
    assert (said["publie"], said["refait"]) == (str(int(quota) + 1), quota)
    assert "R. 441-5" in said["articles"]
    assert ".csv" in said["sources"]


def test_a_total_is_placed(check, annexe, contents):
    document = json.loads(contents["json"])
    tables = [t for s in document["sections"] for t in s["tableaux"] if t["cle"] == "taux.quotas"]
    tables[0]["total"]["valeurs"]["quota"] += 1
    said = check(json.dumps(document).encode(), "json").table.iloc[0]
    assert said["ligne"] == "Total"
    assert said["colonne"].startswith("Quota")
    assert int(said["publie"]) == int(said["refait"]) + 1 == annexe.plan.quotas.table["quota"].sum() + 1
    assert ".csv" in said["sources"]


def test_a_changed_proof_is_found_under_an_honest_figure(check, contents):
    document = json.loads(contents["json"])
    leaf = next(f for f in document["preuves"]["figures"] if "source" in f and "lignes" in f["source"])
    leaf["source"]["lignes"] = "2-3"
    found = check(json.dumps(document).encode(), "json")
    assert found.table["nature"].tolist() == ["preuve"]


def test_a_row_taken_out_or_added_is_one_difference_a_cell(check, contents):
    text = part(contents["docx"], "word/document.xml")
    rows = list(re.finditer(r"<w:tr>.*?</w:tr>|<w:tr .*?</w:tr>", text, re.DOTALL))
    row = rows[30]
    changed = text[: row.start()] + text[row.end() :]
    found = check(rezip(contents["docx"], {"word/document.xml": changed}), "docx")
    assert set(found.table["nature"]) == {"absent"}
    assert len(found.table) < 20


def test_a_text_under_revision_is_read_as_it_shows(check, contents):
    text = part(contents["docx"], "word/document.xml")
    run = next(m for m in re.finditer(r"<w:r>(?:(?!</w:r>).)*<w:t[^>]*>\d+</w:t></w:r>", text))
    revised = re.sub(r"(<w:t[^>]*>)\d+", r"\g<1>987", run[0])
    mark = 'w:id="1" w:author="x" w:date="2026-01-01T00:00:00Z"'
    deleted = run[0].replace("<w:t", "<w:delText").replace("</w:t>", "</w:delText>")
    changed = text.replace(run[0], f"<w:del {mark}>{deleted}</w:del><w:ins {mark}>{revised}</w:ins>", 1)
    found = check(rezip(contents["docx"], {"word/document.xml": changed}), "docx")
    assert found.table["publie"].tolist() == ["987"]


# -------------------------------------------------------------------- the workbook


def sheet_of(content, nom):
    book = part(content, "xl/workbook.xml")
    rank = re.findall(r'<sheet name="([^"]+)"', book).index(nom) + 1
    return f"xl/worksheets/sheet{rank}.xml"


def formulas(text):
    return list(re.finditer(r'<c r="([A-Z]+\d+)"( s="\d+")?><f>([^<]+)</f><v>([^<]+)</v></c>', text))


def test_a_yellow_cell_is_an_input_that_was_changed(check, annexe, contents):
    name = sheet_of(contents["xlsx"], "Segments")
    text = part(contents["xlsx"], name)
    rows = annexe.plan.quotas.flux
    nb = str(int(rows.sort_values("commune", kind="stable")["nb_logements"].iloc[0]))
    cell = next(m for m in re.finditer(r'<c r="([A-Z]+\d+)" s="\d+"><v>([^<]+)</v></c>', text) if m[2] == nb)
    changed = text.replace(cell[0], cell[0].replace(f"<v>{nb}</v>", "<v>9999</v>"), 1)
    found = check(rezip(contents["xlsx"], {name: changed}), "xlsx")
    assert found.table["nature"].tolist() == ["donnee"]
    assert cell[1] in found.table["colonne"].iloc[0]
    assert "case jaune" in repr(found)


def test_a_formula_is_told_from_its_value(check, contents):
    name = sheet_of(contents["xlsx"], "Quotas")
    text = part(contents["xlsx"], name)
    cell = next(m for m in formulas(text) if m[3].startswith("MAX"))
    other_formula = cell[0].replace(f"<f>{cell[3]}</f>", f"<f>{cell[3]}+0</f>")
    found = check(rezip(contents["xlsx"], {name: text.replace(cell[0], other_formula, 1)}), "xlsx")
    assert found.table["nature"].tolist() == ["formule"]
    without = re.sub(r"<f>[^<]+</f>", "", cell[0])
    found = check(rezip(contents["xlsx"], {name: text.replace(cell[0], without, 1)}), "xlsx")
    assert found.table["nature"].tolist() == ["formule"]
    assert "sans formule" in found.table["publie"].iloc[0]
    cached = cell[0].replace(f"<v>{cell[4]}</v>", "<v>1234.5</v>")
    found = check(rezip(contents["xlsx"], {name: text.replace(cell[0], cached, 1)}), "xlsx")
    assert found.table["nature"].tolist() == ["chiffre"]
    assert found.table["publie"].tolist() == ["1\u202f234,5"]


def test_a_result_of_the_workbook_says_where_it_comes_from(check, annexe, contents):
    name = sheet_of(contents["xlsx"], "Quotas")
    text = part(contents["xlsx"], name)
    quota = str(int(annexe.plan.quotas.table["quota"].iloc[0]))
    row = re.sub(r"\D", "", formulas(text)[0][1])
    cell = [m for m in formulas(text) if m[1].rstrip("0123456789") + row == m[1] and m[4] == quota][-1]
    changed = text.replace(cell[0], cell[0].replace(f"<v>{quota}</v>", f"<v>{int(quota) + 1}</v>"), 1)
    said = check(rezip(contents["xlsx"], {name: changed}), "xlsx").table.iloc[0]
    assert said["section"] == "Feuille Quotas"
    assert said["colonne"] == f"Quota ({cell[1]})"
    assert "R. 441-5" in said["articles"]
    assert ".csv" in said["sources"]
    assert "formule =" in said["sources"]


def test_a_table_of_the_annex_in_the_workbook_is_placed_in_it(check, annexe, contents):
    name = sheet_of(contents["xlsx"], "13. Objectifs de l’année")
    text = part(contents["xlsx"], name)
    cell = next(m for m in re.finditer(r'<c r="[A-Z]+\d+" s="\d+"><v>(\d+)</v></c>', text))
    found = check(
        rezip(contents["xlsx"], {name: text.replace(cell[0], cell[0].replace(cell[1], "987654"), 1)}), "xlsx"
    )
    said = found.table.iloc[0]
    assert said["tableau"] in {t.titre for s in annexe.sections for t in s.tableaux}
    assert said["ligne"]
    assert said["sources"]


def test_values_that_follow_an_input_are_said_to(check, contents):
    """Somebody tries another number of dwellings: what recomputes is no lie, and comes after the cause."""
    name = sheet_of(contents["xlsx"], "Segments")
    text = part(contents["xlsx"], name)
    first = formulas(text)[0]
    row = re.sub(r"\D", "", first[1])
    cell = re.search(
        rf'<c r="[A-Z]+{row}" s="\d+"><v>(\d+)</v></c>(?=<c r="[A-Z]+{row}" s="\d+"><v>0\.)', text
    )
    changed = text.replace(first[0], first[0].replace(f"<v>{first[4]}</v>", "<v>77.5</v>"), 1)
    changed = changed.replace(cell[0], cell[0].replace(f"<v>{cell[1]}</v>", "<v>9999</v>"), 1)
    found = check(rezip(contents["xlsx"], {name: changed}), "xlsx")
    assert found.table["nature"].tolist() == ["donnee", "suite"]


def test_a_copied_formula_written_once_is_the_same(check, contents):
    """Excel writes once a formula that is copied down a column."""
    name = sheet_of(contents["xlsx"], "Segments")
    text = part(contents["xlsx"], name)
    column = formulas(text)[0][1].rstrip("0123456789")
    down = [m for m in formulas(text) if m[1].rstrip("0123456789") == column][:5]
    changed = text
    for k, m in enumerate(down):
        shared = (
            f'<f t="shared" ref="{down[0][1]}:{down[-1][1]}" si="0">{m[3]}</f>'
            if k == 0
            else '<f t="shared" si="0"/>'
        )
        changed = changed.replace(m[0], m[0].replace(f"<f>{m[3]}</f>", shared), 1)
    assert changed.count("shared") == 5
    assert check(rezip(contents["xlsx"], {name: changed}), "xlsx").conforme


def test_a_workbook_saved_by_a_program_that_does_not_compute_shows_what_was_changed(check, contents):
    book = openpyxl.load_workbook(io.BytesIO(contents["xlsx"]))
    saved = io.BytesIO()
    book.save(saved)
    found = check(saved.getvalue(), "xlsx")
    assert found.conforme
    (said,) = found.remarques
    assert "sans valeur enregistrée" in said and found.nb_chiffres > 0
    sheet, cell = next((s, c) for s in book for row in s.iter_rows() for c in row if isinstance(c.value, int))
    cell.value += 7
    saved = io.BytesIO()
    book.save(saved)
    changed = check(saved.getvalue(), "xlsx").table
    assert len(changed) == 1 and changed["section"].item() == f"Feuille {sheet.title}"


def test_formulas_are_compared_as_a_spreadsheet_means_them():
    assert normal("A1+$B$2*1.50", (1, 3)) == normal("=A2 + $B$2*1.5", (2, 3))
    assert normal("SUM('Flux'!$A$1:B9)", (3, 3)) == normal("SUM(Flux!$A$1:B9)", (3, 3))
    assert normal("A1+1", (1, 3)) != normal("A1+2", (1, 3))
    assert normal("$A$1", (1, 3)) != normal("A1", (1, 3))
    assert normal('IF(A1="A1";1)', (1, 3)) != normal('IF(A1="A2";1)', (1, 3))
    assert list(reads("LOG10(B2)+Dus!$A$1:$C$9", "Quotas")) == [
        ("Quotas", (2, 2), (2, 2)),
        ("Dus", (1, 1), (9, 3)),
    ]


# -------------------------------------------------------------------- saved again, other options, the dossier


@pytest.mark.parametrize("suffix", ["docx", "html", "xlsx"])
def test_a_file_saved_again_by_libreoffice_is_ok(check, contents, tmp_path, suffix):
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice n'est pas installé")
    (tmp_path / f"annexe.{suffix}").write_bytes(contents[suffix])
    profile = f"-env:UserInstallation={(tmp_path / 'profil').as_uri()}"
    subprocess.run(
        [
            *(office, profile, "--headless", "--convert-to", suffix),
            *("--outdir", str(tmp_path / "ailleurs"), str(tmp_path / f"annexe.{suffix}")),
        ],
        check=True,
        capture_output=True,
        timeout=170,
    )
    saved = (tmp_path / "ailleurs" / f"annexe.{suffix}").read_bytes()
    assert saved != contents[suffix]
    found = check(saved, suffix)
    assert found.conforme, found


@pytest.mark.parametrize("suffix", ["json", "docx"])
def test_the_annex_of_one_holder_is_made_again_for_it(plan, tmp_path, suffix):
    own = flux.draft_annexe(plan, pour="action_logement")
    path = own.save(tmp_path / f"annexe.{suffix}")
    found = flux.verify(path, plan.quotas.dossier)
    assert found.conforme, found
    assert found.annexe.pour == "action_logement"


def test_what_python_chose_is_made_again_and_said(plan, tmp_path):
    law = flux.regles("2026-01-01").suppose(part_max_garantie=0.25)
    quotas = flux.convert(plan.quotas.dossier, regles=law, part_etat=0.25)
    path = flux.draft_annexe(flux.allocate(quotas)).save(tmp_path / "annexe.json")
    found = flux.verify(path, plan.quotas.dossier)
    assert found.conforme, found
    assert found.remarques == (
        "Options de l'annexe que le dossier ne dit pas : part_etat, part_max_garantie.",
    )


def test_an_identity_taken_out_or_changed_is_a_difference(check, contents):
    without = rezip(contents["docx"], {"docProps/custom.xml": "<Properties/>"})
    found = check(without, "docx")
    assert found.table["nature"].tolist() == ["identite"]
    assert "ne dit plus de quoi il a été fait" in found.remarques[0]
    document = json.loads(contents["json"])
    document["identite"]["seuil_masque"] = 99
    found = check(json.dumps(document).encode(), "json")
    assert found.table["nature"].tolist() == ["identite"]


def test_another_version_is_said_and_is_no_difference(check, contents):
    document = json.loads(contents["json"])
    now = document["identite"]["version"]
    before = (
        json.dumps(document)
        .replace(f"version {now}", "version 0.0.9")
        .replace(f'"version": "{now}"', '"version": "0.0.9"')
    )
    found = check(before.encode(), "json")
    assert found.conforme, found
    assert found.remarques == (f"L'annexe a été faite par flux 0.0.9, et refaite par flux {now}.",)


def test_a_dossier_with_one_figure_changed(annexe, contents, tmp_path):
    folder = tmp_path / "dossier"
    shutil.copytree(SAMPLES / "val-de-mire", folder)
    file = folder / "soldes.csv"
    text = file.read_text(encoding="utf-8-sig")
    assert "action_logement;2025;00101;0,42" in text
    file.write_text(text.replace(";0,42", ";0,95"), encoding="utf-8-sig")
    path = tmp_path / "annexe.json"
    path.write_bytes(contents["json"])
    before = {p: p.read_bytes() for p in [*folder.iterdir(), path]}
    found = flux.verify(path, folder)
    assert found.remarques[0] == "Le fichier soldes.csv a changé depuis l'annexe."
    assert not found.conforme
    changed = found.table.loc[found.table["section"].str.contains("Taux")]
    assert (changed["sources"].str.contains("soldes.csv")).any()
    assert {p: p.read_bytes() for p in before} == before
    assert found.to_dict()["conforme"] is False


def test_the_command_line_answers_and_its_code_too(contents, tmp_path, capsys):
    path = tmp_path / "annexe.json"
    path.write_bytes(contents["json"])
    assert run(["verify", str(path), str(SAMPLES / "val-de-mire")]) == 0
    assert "annexe.json : OK, " in capsys.readouterr().out
    path.write_bytes(tamper_json(contents["json"], random.Random(SEED)))
    assert run(["verify", str(path), str(SAMPLES / "val-de-mire"), "--quiet"]) == 1
    assert "écart" in capsys.readouterr().out
    assert run(["verify", str(path), str(tmp_path / "absent")]) == 2


@pytest.mark.parametrize(
    ("nom", "content", "code"),
    [
        ("a.pdf", b"%PDF", "verification.format"),
        ("a.json", b"{", "verification.illisible"),
        ("a.json", b"[]", "verification.illisible"),
        ("a.json", b'{"quota": 13, "quota": 12}', "verification.illisible"),
        ("a.docx", b"PK", "verification.illisible"),
        ("a.xlsx", rezip(b"PK\x05\x06" + bytes(18), {}), "verification.illisible"),
    ],
)
def test_what_cannot_be_read_back_is_refused(annexe, tmp_path, nom, content, code):
    (tmp_path / nom).write_bytes(content)
    with pytest.raises(FluxError) as caught:
        against(tmp_path / nom, annexe)
    assert caught.value.code == code


def test_the_identity_is_the_same_in_each_format(annexe, contents):
    said = identite.identite(annexe)
    assert json.loads(contents["json"])["identite"] == said
    for suffix in ("docx", "xlsx"):
        with zipfile.ZipFile(io.BytesIO(contents[suffix])) as archive:
            assert identite.read_properties(archive) == said
            values = re.findall(r"<vt:lpwstr>([^<]*)<", archive.read("docProps/custom.xml").decode())
            assert all(len(v) <= 255 for v in values)
