"""`build_dossier`: from an RPLS extract, a register and an SNE extract to the folder of a dossier."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.convention import Choix
from flux.dossier.ecriture import write_folder
from flux.dossier.lecture import Examen, examine
from flux.dossier.registre import Registre, read_registre
from flux.dossier.remarques import remarques
from flux.dossier.rpls.contingents import recouper
from flux.dossier.rpls.lecture import read_rpls
from flux.dossier.rpls.parc import ParcRpls
from flux.dossier.schemas import RESERVATAIRES, RESERVATIONS, TABLES
from flux.dossier.sne import CLES, Radiations, compter, read_sne_radiations
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.tables import LIGNE, TEXTE, Table, enumerate_fr
from flux.rendu.nombres import entier, part
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

Row = tuple[str, str | None, str, str]
Frames = Mapping[str, pd.DataFrame]
COLONNES = ("table", "colonne", "manque", "correction")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Construction(Affichable):
    """A dossier folder that was written, and what it still lacks.

    Attributes
    ----------
    chemin : the folder.
    parc, registre, radiations : what was read.
    manques : table, colonne, manque, correction: what is missing, what follows, what to do.
    contingents : the register against CONTRESLOG: see `recouper`.
    examen : what reading the folder back says: the dossier if nothing blocks it, every defect and repair.
    reparations : what was read otherwise than written, supposed, or is to be checked.
    """

    chemin: Path
    parc: ParcRpls
    registre: Registre
    radiations: Radiations | None
    manques: pd.DataFrame
    contingents: pd.DataFrame
    examen: Examen
    reparations: tuple[Anomalie, ...]

    @property
    def table(self) -> pd.DataFrame:
        """What is missing."""
        return self.manques

    @property
    def defauts(self) -> tuple[Anomalie, ...]:
        """What keeps the dossier from being read."""
        return tuple(a for a in self.examen.anomalies if a.gravite is Gravite.BLOQUANT)

    def vue(self) -> Vue:
        """What it shows: what blocks, what is missing, the contingents, what was repaired."""
        nb = len(self.defauts)
        state = (
            f"{nb} défaut{'s' if nb > 1 else ''} à corriger avant de convertir" if nb else "prêt à convertir"
        )
        tables = [
            remarques("À corriger", self.defauts),
            Tableau(
                titre="Ce qui manque encore",
                frame=self.manques,
                colonnes=(
                    Colonne("table", cle="fichier", libelle="Table"),
                    "colonne",
                    Colonne("manque", cle="message", libelle="Conséquence"),
                    "correction",
                ),
            ),
            Tableau(
                titre="Registre et contingent déclaré au RPLS",
                frame=self.contingents.groupby(["constat", "motif"])["nb"].sum().reset_index(),
                colonnes=(
                    Colonne("constat", cle="message", libelle="Constat"),
                    "motif",
                    Colonne("nb", cle="nb_logements"),
                ),
                total=True,
            ),
            remarques("Ce qui a été réparé, supposé, ou reste à vérifier", self.reparations),
        ]
        return Vue(
            titre=f"Dossier « {self.chemin.name} » : {entier(len(self.parc.logements))} logements, "
            f"{entier(len(self.registre.reservations))} lignes de droits, {state}",
            tableaux=tuple(t for t in tables if len(t.frame)),
        )


def build_dossier(
    dossier: str | Path,
    *,
    rpls: str | Path | ParcRpls,
    registre: str | Path,
    reservataires: str | Path | None = None,
    sne: str | Path | Radiations | None = None,
    types_sne: Mapping[str, str] | None = None,
    convention: Mapping[str, Mapping[str, Any]] | None = None,
    bailleur: str | None = None,
    annee: int | None = None,
    ecraser: bool = False,
) -> Construction:
    """Write a dossier folder from the files that a bailleur has, and list what is still missing.

    Parameters
    ----------
    dossier : the folder to write, made if absent.
    rpls : an RPLS file (see `read_rpls`, which takes `bailleur` and `annee`), or what it gave.
    registre : the register of rights, a table near `reservations`.
    reservataires : the holders, where the register does not describe them.
    sne : an extract of radiations (see `read_sne_radiations`), or what it gave.
    types_sne : for each TYPE_RESERVATAIRE as written, the `id_reservataire` (or "bailleur").
    convention : sections of `convention.toml`; they prevail over what RPLS says of the bailleur.
    annee : year of the convention, whose 1 January the RPLS describes.
    ecraser : replace files that are there.

    Raises
    ------
    DataError
        Every defect of a file read.
    FluxError
        Code "fichier.existe": a file is there and `ecraser` is false; nothing is written.
    """
    parc = rpls if isinstance(rpls, ParcRpls) else read_rpls(rpls, bailleur=bailleur, annee=annee)
    droits = read_registre(registre, parc.logements, reservataires=reservataires)
    radiations = sne if sne is None or isinstance(sne, Radiations) else read_sne_radiations(sne)
    sections = _convention(parc, annee or parc.annee, convention or {})
    frames = {
        "logements": parc.logements,
        "reservataires": droits.reservataires,
        "reservations": droits.reservations,
    }
    said: list[Anomalie] = []
    if radiations is not None:
        frames["mouvements"], said = _mouvements(radiations, parc, types_sne or {})
    path = Path(dossier)
    written = {nom: _filled(frame, TABLES[nom]) for nom, frame in frames.items()}
    write_folder(written, sections, path, ecraser=ecraser)
    return Construction(
        chemin=path,
        parc=parc,
        registre=droits,
        radiations=radiations,
        manques=_missing(frames, sections, parc),
        contingents=_contingents(parc, droits, sections),
        examen=examine(path),
        reparations=(
            *parc.reparations,
            *droits.anomalies,
            *(radiations.reparations if radiations else ()),
            *said,
        ),
    )


def _convention(
    parc: ParcRpls, annee: int | None, given: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Who the RPLS says the bailleur is, and the year; what is given prevails."""
    sections: dict[str, dict[str, Any]] = {"bailleur": {}, "convention": {}}
    if len(parc.bailleurs) == 1:
        who = parc.bailleurs.iloc[0]
        if pd.notna(who["nom"]):
            sections["bailleur"]["nom"] = who["nom"]
        if pd.notna(who["siret"]):
            sections["bailleur"]["siren"] = who["siret"][:9]
    if annee is not None:
        sections["convention"]["annee"] = annee
    for nom, section in given.items():
        sections[nom] = {**sections.get(nom, {}), **section}
    return sections


def _mouvements(
    radiations: Radiations, parc: ParcRpls, types: Mapping[str, str]
) -> tuple[pd.DataFrame, list[Anomalie]]:
    """Counts of the leases on dwellings of the stock, with what the RPLS knows of each."""
    leases, said = radiations.evenements, []
    stock = parc.logements.dropna(subset="id_rpls").sort_values("motif_sortie", na_position="first")
    stock = stock.drop_duplicates("id_rpls").set_index("id_rpls")
    if len(stock) and leases["id_rpls"].notna().any():
        inside = leases["id_rpls"].isin(stock.index)
        if outside := int((~inside).sum()):
            said.append(
                _said(
                    radiations,
                    "hors_parc",
                    f"{outside} baux sur des logements qui ne sont pas au RPLS, laissés de côté",
                )
            )
        leases = leases[inside].reset_index(drop=True)
        for column in ("commune", "qpv", "typologie", "financement"):
            known = leases["id_rpls"].map(stock[column]).astype(stock[column].dtype)
            leases = leases.assign(**{column: known.fillna(leases[column].astype(known.dtype))})
        first = leases["id_rpls"].map(stock["annee_mise_location"]).astype("Int64").eq(leases["annee"])
        first &= leases["nature"].eq(v.NatureMouvement.RELOCATION.value)
        leases = leases.assign(
            nature=leases["nature"].mask(
                first.fillna(False).astype(bool), v.NatureMouvement.PREMIERE_LOCATION.value
            )
        )
        said.append(
            _said(
                radiations,
                "premiere_location",
                "Bail de l'année de mise en location (LOCAT), lu comme une première location",
            )
        )
    else:
        said.append(
            _said(
                radiations,
                "non_rattache",
                "Aucun bail ne se rattache au RPLS : tous sont gardés, avec ce qu'en dit le SNE",
            )
        )
    counts = compter(leases)
    written = counts["type_reservataire"]
    if unknown := sorted(set(written.dropna()) - set(types)):
        said.append(
            _said(
                radiations,
                "type_reservataire",
                f"Types de réservataire sans correspondance, laissés vides : {enumerate_fr(unknown)}",
                'Dire à qui chacun correspond : types_sne={"…": "id_reservataire"}.',
            )
        )
    holder = written.map(dict(types)).astype(TEXTE)
    counts = counts.assign(id_reservataire=holder, etape=v.Etape.BAIL.value)
    keys = [*(k for k in CLES if k != "type_reservataire"), "etape", "id_reservataire"]
    return counts.groupby(keys, dropna=False, sort=True)["nb"].sum().reset_index(), said


def _said(radiations: Radiations, code: str, message: str, correction: str = "") -> Anomalie:
    return Anomalie(
        code=f"sne.{code}",
        gravite=Gravite.A_VERIFIER if correction else Gravite.INFORMATION,
        fichier=radiations.nom,
        message=message,
        correction=correction,
    )


def _contingents(parc: ParcRpls, droits: Registre, sections: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The cross-check needs the category of each holder: without it, nothing is compared."""
    annee = sections["convention"].get("annee")
    return recouper(
        parc.logements,
        _whole(droits.reservations, RESERVATIONS),
        _whole(droits.reservataires, RESERVATAIRES),
        au=date(annee, 1, 1) if annee else None,
    )


def _filled(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The columns that say something, and those that are required: they are to be filled in."""
    return frame[[c for c in frame if frame[c].notna().any() or (c != LIGNE and table[str(c)].requis)]]


def _whole(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The frame with every column of its table; those that were not given are missing."""
    absent = {
        c.nom: pd.Series(c.defaut, index=frame.index, dtype=c.type.dtype)
        for c in table.colonnes
        if c.nom not in frame
    }
    return frame.assign(**absent)


@cache
def _sentences() -> dict[str, Any]:
    return tomllib.loads((files("flux.dossier") / "manques.toml").read_text(encoding="utf-8"))


def _missing(frames: Frames, sections: Mapping[str, Mapping[str, Any]], parc: ParcRpls) -> pd.DataFrame:
    """Tables, columns and choices that are still missing."""
    rows = [
        *_missing_tables(frames, parc),
        *_missing_variables(parc),
        *_missing_columns(frames),
        *_missing_choices(sections),
    ]
    return pd.DataFrame(rows, columns=list(COLONNES))


def _missing_tables(frames: Frames, parc: ParcRpls) -> Iterator[Row]:
    for nom, said in _sentences()["tables"].items():
        if nom not in frames or frames[nom].empty:
            remedy = said["correction"]
            if nom == "mouvements" and parc.mobilite is not None:
                remedy += f" La mobilité {parc.mobilite.annee} du RPLS est de {part(parc.mobilite.taux)}."
            yield nom, None, said["manque"], remedy


def _missing_variables(parc: ParcRpls) -> Iterator[Row]:
    for variable, colonne, consequence in parc.manques.itertuples(index=False):
        remedy = f"Demander un fichier RPLS qui a {variable}, ou compléter logements.csv."
        yield "logements", colonne or None, consequence, remedy


def _missing_columns(frames: Frames) -> Iterator[Row]:
    for nom, columns in _sentences()["colonnes"].items():
        for column, said in columns.items():
            if column not in frames[nom] or frames[nom][column].isna().all():
                yield nom, column, said["manque"], said["correction"]


def _missing_choices(sections: Mapping[str, Mapping[str, Any]]) -> Iterator[Row]:
    for nom, key in (
        ("bailleur", "nom"),
        ("bailleur", "siren"),
        ("bailleur", "departement"),
        ("convention", "annee"),
    ):
        if key not in sections[nom]:
            yield "convention", f"{nom}.{key}", "Non renseigné.", f"Ajouter {key} dans [{nom}]."
    left = [key for key in Choix.model_fields if key not in sections.get("choix", {})]
    if left:
        yield (
            "convention",
            "choix",
            f"{len(left)} choix des parties restent au défaut : {', '.join(left)}.",
            "Relire les défauts, écrire dans [choix] ceux que les parties ont faits autrement.",
        )
