"""From bytes to text: UTF-8, UTF-16 with its mark, else cp1252. What was not UTF-8 is said."""

from __future__ import annotations

import codecs
import hashlib
import re
from pathlib import Path

from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# The five bytes that cp1252 leaves out are what latin-1 makes of them: controls, refused at their cell.
_CP1252 = {byte: bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(0x80, 0xA0)}
_ACCENTUE = re.compile(r"[\w'’-]*[^\x00-\x7f][\w'’-]*")
_SIGNATURES = (
    (b"PK\x03\x04", "un classeur (.xlsx, .ods) ou une archive .zip"),
    (b"\xd0\xcf\x11\xe0", "un classeur .xls, ou un classeur protégé par un mot de passe"),
    (b"\x1f\x8b", "une archive .gz"),
    (b"PAR1", "une table .parquet"),
    (b"%PDF", "un document PDF"),
    (b"{\\rtf", "un document de traitement de texte (.rtf)"),
)
"""What a file that is no text begins with, and what it is."""
_DOCUMENTS = (b"%PDF", b"{\\rtf")
"""Documents that may hold no null byte, and would read as a table of one column."""
_MOJIBAKE = re.compile(r"Ã[\x80-\xbf©¨ª«®´¢§‰€‚ƒ„…†‡ˆŠ‹Œ]|â€")
"""What UTF-8 looks like once it was read as cp1252 and saved again."""


def read_bytes(path: Path) -> tuple[bytes | None, Source, list[Anomalie]]:
    """The text of a file as UTF-8 bytes, without mark, lines ended by a line feed; None if it is no text."""
    content = path.read_bytes()
    source = Source(fichier=path.name, sha256=hashlib.sha256(content).hexdigest())
    said: list[Anomalie] = []
    if content.startswith(_UTF16):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeError:
            return None, source, [_no_text(path, content)]
        said.append(_said(path, "utf16", "Le fichier est en UTF-16 (« Texte Unicode » d'Excel)"))
    if b"\0" in content or content.startswith(_DOCUMENTS):
        return None, source, [_no_text(path, content)]
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1").translate(_CP1252)
        said.append(_no_utf8(path, text))
        content = text.encode()
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content, source, [*said, *_mojibake(path, content)]


def read_text(path: Path) -> tuple[str | None, Source, list[Anomalie]]:
    """The text of a file; None if it is no text."""
    content, source, said = read_bytes(path)
    return None if content is None else content.decode(), source, said


def _mojibake(path: Path, content: bytes) -> list[Anomalie]:
    """The first line whose accents were broken before the file came to us."""
    if not (b"\xc3\x83" in content or b"\xc3\xa2\xe2\x82\xac" in content):  # Ã, â€
        return []
    for number, line in enumerate(content.decode().split("\n"), start=1):
        if broken := _MOJIBAKE.search(line):
            return [
                Anomalie(
                    code="fichier.accents_casses",
                    gravite=Gravite.A_VERIFIER,
                    fichier=path.name,
                    ligne=number,
                    valeur=line[max(0, broken.start() - 10) : broken.end() + 10].strip(),
                    message="Des accents semblent avoir été cassés par une conversion",
                    attendu="« é », et non « Ã© »",
                    correction="Refaire l'extraction en UTF-8, ou vérifier que les noms sont écrits "
                    "partout de la même façon.",
                )
            ]
    return []


def _said(path: Path, code: str, message: str) -> Anomalie:
    return Anomalie(code=f"fichier.{code}", gravite=Gravite.INFORMATION, fichier=path.name, message=message)


def _no_utf8(path: Path, text: str) -> Anomalie:
    """The first accent as it is read: whoever knows the word can tell."""
    word = _ACCENTUE.search(text)
    return Anomalie(
        code="fichier.cp1252",
        gravite=Gravite.INFORMATION,
        fichier=path.name,
        ligne=text.count("\n", 0, word.start()) + 1 if word else None,
        valeur=word[0][:60] if word else None,
        message="Le fichier n'est pas en UTF-8, il est lu en cp1252 (Windows)",
        correction="Rien à faire si les accents sont justes ; sinon, l'enregistrer en « CSV UTF-8 ».",
    )


def _no_text(path: Path, content: bytes) -> Anomalie:
    kind = next((kind for signature, kind in _SIGNATURES if content.startswith(signature)), None)
    null = content.find(0)
    return Anomalie(
        code="fichier.encodage",
        fichier=path.name,
        ligne=None if kind or null < 0 else content.count(b"\n", 0, null) + 1,
        message=f"Le fichier n'est pas un texte, mais {kind}"
        if kind
        else "Le fichier n'est pas un texte lisible : il est abîmé, ou d'un autre format",
        attendu="un fichier en UTF-8, en UTF-16 avec sa marque, ou en cp1252 (Windows)",
        correction="Lui rendre son extension ; ou l'ouvrir dans le logiciel qui l'a fait et l'enregistrer au "
        "format « CSV UTF-8 ».",
    )
