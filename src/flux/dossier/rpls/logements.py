"""From typed RPLS variables to the table `logements`; what is made on the way is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.rpls.dictionnaire import variables
from flux.dossier.schemas import LOGEMENTS
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, TEXTE, enumerate_fr, grouped

SORTI = 9
"""MODE: gone from the stock."""
PROGRAMME = ("CODSEGPATRIM", "NUMCONV", "COMPLGEO")
"""What names the programme, the first that is filled."""
ADRESSE = ("NUMVOIE", "INDREP", "TYPVOIE", "NOMVOIE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mobilite:
    """The DREAL's mobility: dwellings relet since 1 January of the year before, among those in service then.

    A lease replaced within the period counts once, and only dwellings let or vacant (MODE 1, 2) are counted:
    it is a control, or a `taux_rotation` for want of movements.
    """

    annee: int
    nb_relocations: int
    nb_logements: int

    @property
    def taux(self) -> float:
        """Relettings a dwelling, a year."""
        return self.nb_relocations / self.nb_logements if self.nb_logements else 0.0


def build(typed: pd.DataFrame, *, annee: int | None, source: Source) -> tuple[pd.DataFrame, list[Anomalie]]:
    """The table `logements`, all its columns, and `_ligne`.

    Parameters
    ----------
    typed : every variable of the dictionary, typed, and `_ligne`.
    annee : year whose 1 January the file describes.
    """
    said = _Said(source)
    typed = _expanded(typed, said)
    out = {x.colonne: typed[x.nom] for x in variables().values() if x.colonne}
    out["id_logement"] = _identifiers(typed, said)
    out["occupation"] = typed["MODE"].fillna(1)
    out["nature"] = typed["TYPECONST"].fillna(v.NatureLogement.ORDINAIRE.value)
    out["motif_sortie"], out["date_sortie"] = _exits(typed, annee, said)
    out["programme"] = _programmes(typed, said)
    out["adresse"] = _addresses(typed)
    frame = pd.DataFrame(
        {
            c.nom: out[c.nom].astype(c.type.dtype)
            if c.nom in out
            else pd.Series(c.defaut, index=typed.index, dtype=c.type.dtype)
            for c in LOGEMENTS.colonnes
        }
    )
    for colonne in LOGEMENTS.colonnes:
        if colonne.requis:
            said.to_check(
                f"{colonne.nom}.non_renseigne",
                f"Le RPLS ne donne pas « {colonne.nom} », obligatoire dans un dossier",
                typed,
                frame[colonne.nom].isna(),
                colonne.nom,
            )
    return frame.assign(**{LIGNE: typed[LIGNE]}), said.anomalies


class _Said:
    """The anomalies met, in order."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.anomalies: list[Anomalie] = []

    def _anomaly(self, code: str, message: str, colonne: str | None, correction: str = "") -> Anomalie:
        return Anomalie(
            code=f"rpls.{code}",
            fichier=self.source.fichier,
            feuille=self.source.feuille,
            colonne=colonne,
            gravite=Gravite.A_VERIFIER,
            message=message,
            correction=correction,
        )

    def group(self, code: str, message: str, frame: pd.DataFrame, mask: pd.Series, colonne: str) -> None:
        """One information for all the lines of `mask`."""
        self.anomalies += grouped(self._anomaly(code, message, colonne), frame, mask)

    def to_check(self, code: str, message: str, frame: pd.DataFrame, mask: pd.Series, colonne: str) -> None:
        """One thing to check for all the lines of `mask`."""
        correction = "Compléter la table « logements » du dossier."
        listed = grouped(self._anomaly(code, message, colonne, correction), frame, mask)
        self.anomalies += (replace(a, gravite=Gravite.A_VERIFIER) for a in listed)

    def whole(self, code: str, message: str, *, gravite: Gravite, correction: str = "") -> None:
        """One for the whole file."""
        self.anomalies.append(
            Anomalie(
                code=f"rpls.{code}",
                gravite=gravite,
                fichier=self.source.fichier,
                feuille=self.source.feuille,
                message=message,
                correction=correction,
            )
        )


def _expanded(typed: pd.DataFrame, said: _Said) -> pd.DataFrame:
    """One row a dwelling: an aggregated row stands for `NB` of them, and SURFHAB is their sum."""
    if typed["NB"].isna().all():
        return typed
    nb = typed["NB"].fillna(1).astype("int64")
    rows = typed.loc[typed.index.repeat(nb)]
    said.whole(
        "agrege",
        f"Fichier agrégé : {len(typed)} lignes développées en {len(rows)} logements ; SURFHAB, qui est la "
        "somme de la ligne, est divisée par nb (surface moyenne)",
        gravite=Gravite.INFORMATION,
    )
    return rows.assign(SURFHAB=rows["SURFHAB"] / nb.loc[rows.index]).reset_index(drop=True)


def _identifiers(typed: pd.DataFrame, said: _Said) -> pd.Series:
    """IDENT_INT; where it is not given, the line and the rank of the dwelling on it."""
    ids, lines = typed["IDENT_INT"], typed[LIGNE].astype("int64")
    absent = ids.isna()
    rank = lines.groupby(lines).cumcount() + 1
    made = "RPLS-" + lines.astype(str) + "-" + rank.astype(str)
    said.group(
        "identifiant_fabrique",
        "Identifiant absent, fabriqué : RPLS-ligne-rang",
        typed,
        absent & ~lines.duplicated(),
        "id_logement",
    )
    return ids.where(~absent, made)


def _exits(typed: pd.DataFrame, annee: int | None, said: _Said) -> tuple[pd.Series, pd.Series]:
    """Why and when each dwelling left. The file of year N declares the exits of N - 1."""
    reason = typed["SORTIEPATRIM"]
    unsaid = typed["MODE"].eq(SORTI).fillna(False).astype(bool) & reason.isna()
    said.group(
        "sortie_sans_motif",
        "MODE 9 sans motif de sortie, lu comme une sortie (autre)",
        typed,
        unsaid,
        "motif_sortie",
    )
    reason = reason.mask(unsaid, v.MotifSortie.AUTRE.value)
    gone = reason.notna()
    day = typed["DATVEFFECT"].where(gone)
    undated = gone & day.isna()
    if undated.any() and annee is None:
        said.whole(
            "annee_absente",
            f"{int(undated.sum())} logements sont sortis du patrimoine sans que le fichier dise quand",
            gravite=Gravite.BLOQUANT,
            correction="Dire l'année du fichier : annee=2026 pour le parc au 1er janvier 2026.",
        )
    if annee is not None:
        said.group(
            "date_sortie_supposee",
            f"Date de sortie absente, supposée au 31 décembre {annee - 1}",
            typed,
            undated,
            "date_sortie",
        )
        day = day.mask(undated, pd.Timestamp(annee - 1, 12, 31))
    return reason, day


def _programmes(typed: pd.DataFrame, said: _Said) -> pd.Series:
    out: pd.Series = pd.Series(np.nan, index=typed.index, dtype=TEXTE)
    for name in PROGRAMME:
        taken = out.isna() & typed[name].notna()
        said.group(
            "programme", f"Programme tiré de {name}", typed, taken & ~typed[LIGNE].duplicated(), "programme"
        )
        out = out.where(~taken, typed[name])
    said.group(
        "programme_absent",
        f"Aucun de {enumerate_fr(PROGRAMME)} : ces logements n'ont pas de programme",
        typed,
        out.isna() & ~typed[LIGNE].duplicated(),
        "programme",
    )
    return out


def _addresses(typed: pd.DataFrame) -> pd.Series:
    """`"12 BIS RUE VOLTAIRE"`; missing without the name of the way."""
    text = typed["NUMVOIE"].fillna("")
    for name in ADRESSE[1:]:
        text = text + (" " + typed[name]).fillna("")
    addresses: pd.Series = text.str.strip()
    return addresses.where(typed["NOMVOIE"].notna())


def missing(present: Iterable[str]) -> pd.DataFrame:
    """What the file lacks for flux: variable, colonne, consequence."""
    there = set(present)
    if {"SIRET", "IDENT_ORG"} & there:
        there |= {"SIRET"}
    rows: Iterator[tuple[str, str, str]] = (
        (x.nom, x.colonne, x.manque) for x in variables().values() if x.manque and x.nom not in there
    )
    return pd.DataFrame(rows, columns=["variable", "colonne", "consequence"])


def mobility(typed: pd.DataFrame, annee: int | None) -> Mobilite | None:
    """The mobility of the year before `annee`; None where the file does not give it."""
    if annee is None or typed["BAIL"].isna().all():
        return None
    stock = (typed["LOCAT"] < annee - 1) & typed["MODE"].isin([1, 2])
    stock = stock.fillna(False).astype(bool)
    relet = stock & (typed["BAIL"] >= annee - 1).fillna(False).astype(bool)
    return Mobilite(annee=annee - 1, nb_relocations=int(relet.sum()), nb_logements=int(stock.sum()))
