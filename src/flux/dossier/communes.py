"""Communes: codes brought to today's, and what each is part of.

The 25 % duty outside QPV (CCH, art. L. 441-1, al. 24) is not in the list of communes. Where `territoires`
does not say, it is presumed, and the presumption is said.
"""

from __future__ import annotations

import gzip
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import pandas as pd

from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source
from flux.noyau.tables import TEXTE, anomaly_at, at_lines, enumerate_fr, grouped

PARIS = "75056"
MILLESIME = 2026
_HOMONYMES = 3
_COLUMNS = (
    "commune",
    "nom",
    "departement",
    "region",
    "epci",
    "epci_nom",
    "ept",
    "obligation_25",
    "obligation_origine",
    "obligation_territoire",
    "carencee",
    "zone_tendue",
    "origine",
)


@cache
def cog() -> pd.DataFrame:
    """The shipped list, indexed by code: see geographie/README.md. Read once; never changed in place."""
    packed = files("flux.dossier").joinpath(f"geographie/communes_{MILLESIME}.csv.gz").read_bytes()
    return pd.read_csv(
        io.BytesIO(gzip.decompress(packed)),
        sep=";",
        dtype=defaultdict(lambda: TEXTE, population="float64", epci_population="float64"),
        keep_default_na=False,
        na_values=[""],
    ).set_index("code")


def current_codes(
    frame: pd.DataFrame,
    colonne: str,
    table: str,
    source: Source,
    known: Iterable[str],
) -> tuple[pd.Series, list[Anomalie]]:
    """The codes of `frame[colonne]` brought to the communes of today, and every defect and repair.

    Parameters
    ----------
    known : codes of the table `territoires`, which prevail over the list.

    Returns
    -------
    The codes: arrondissements nested in their commune, merged communes followed. Anomalies: codes
    `table.colonne.commune_inconnue`, `.fusion_ambigue` (defects), `.arrondissement`, `.fusion` (repairs).
    """
    codes = frame[colonne]
    target = cog()["actuelles"]
    kinds = {code: _kind(code, known) for code in codes.dropna().unique()}

    def anomaly(code: str, message: str, *, attendu: str = "", correction: str = "") -> Anomalie:
        return anomaly_at(
            source,
            code=f"{table}.{colonne}.{code}",
            message=message,
            colonne=colonne,
            attendu=attendu,
            correction=correction,
        )

    def of(kind: str) -> pd.Series:
        return codes.isin([code for code, its in kinds.items() if its == kind])

    found = [
        *at_lines(
            anomaly(
                "commune_inconnue",
                "Cette commune n'existe ni dans la liste officielle "
                f"{MILLESIME}, ni dans la table « territoires »",
                attendu="un code INSEE de commune en vigueur (ce n'est pas le code postal)",
            ),
            frame,
            of("inconnue"),
            codes,
            lambda code: (
                remede_commune(code)
                or _remede_postal(code)
                or "Corriger le code ou, s'il est juste, ajouter la commune à la table "
                "« territoires » (commune, nom, departement, epci)."
            ),
        ),
        *at_lines(
            anomaly("fusion_ambigue", "Cette commune a été partagée entre deux communes d'aujourd'hui"),
            frame,
            of("partagee"),
            codes,
            lambda code: f"Écrire le code de l'une d'elles : {_named(str(target[code]).split())}.",
        ),
    ]
    for kind, code, phrase in (
        ("arrondissement", "arrondissement", "Arrondissement rattaché à sa commune"),
        ("ancienne", "fusion", f"Commune fusionnée, remplacée par celle de la liste officielle {MILLESIME}"),
    ):
        moves = sorted(old for old, its in kinds.items() if its == kind)
        shown = ", ".join(f"{old} devient {_said(old, str(target[old]))}" for old in moves[:5])
        more = ", …" if len(moves) > 5 else ""
        found += grouped(anomaly(code, f"{phrase} : {shown}{more}"), frame, of(kind))
    moved = of("arrondissement") | of("ancienne")
    return codes.where(~moved, codes.map(target)), found


def _kind(code: str, known: Iterable[str]) -> str:
    """commune, arrondissement, ancienne (one commune of today), partagee (several) or inconnue."""
    if code in known or code not in cog().index:
        return "commune" if code in known else "inconnue"
    kind = str(cog().at[code, "type"])
    return "partagee" if kind == "ancienne" and " " in str(cog().at[code, "actuelles"]) else kind


def remede_commune(written: str) -> str:
    """The code to write in the place of the name of a commune; "" when it names none of today's."""
    code, _, name = written.strip().partition(" ")
    if code in cog().index and _bare(name) == _bare(_nom(code)):
        return f"Écrire le code seul, « {code} »."
    codes = _by_name().get(_bare(written), [])
    more = " (ou une autre du même nom)" if len(codes) > _HOMONYMES else ""
    if len(codes) == 1:
        return f"C'est un nom : écrire à la place le code INSEE, « {codes[0]} » ({_nom(codes[0])})."
    return f"C'est un nom : écrire le code INSEE, {_named(codes[:_HOMONYMES])}{more}." if codes else ""


def _remede_postal(code: str) -> str:
    """Postal codes end in 0, but for a few large towns; what is no commune and ends so is likely one."""
    return (
        "Ce nombre semble un code postal : écrire le code INSEE de la commune (site de l'Insee, chercher la "
        "commune par son nom)."
        if code.isdigit() and code.endswith("0")
        else ""
    )


@cache
def _by_name() -> dict[str, list[str]]:
    """Codes of the communes of today by their name, as `_bare` writes it."""
    names: dict[str, list[str]] = {}
    for code, name in cog().loc[cog()["type"] == "commune", "nom"].items():
        names.setdefault(_bare(str(name)), []).append(str(code))
    return names


def _bare(name: str) -> str:
    """A name without its case, accents, hyphens nor apostrophes; `St` is `Saint`."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("œ", "oe")).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", " ", plain).split()
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)


def _said(old: str, new: str) -> str:
    """`"01033 Valserhône (fusion de 1971)"`; an arrondissement has merged in no year."""
    year = cog()["fusion"].dropna().get(old)
    return f"{new} {cog().at[new, 'nom']!s}" + (f" (fusion de {year})" if year else "")


def _named(codes: Iterable[str]) -> str:
    return enumerate_fr((f"{code} {_nom(code)}" for code in codes), " ou ")


def _nom(code: str) -> str:
    return str(cog().at[code, "nom"])


def communes_frame(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The communes that any table cites, from the shipped list, overridden by `territoires`."""
    cited = sorted(
        {
            code
            for frame in tables.values()
            if "commune" in frame
            for code in frame["commune"].dropna().unique()
        }
    )
    own = tables["territoires"].dropna(subset="commune").drop_duplicates("commune").set_index("commune")
    base = cog().reindex(cited).rename_axis("commune")
    frame = base[["nom", "departement", "region", "epci", "epci_nom", "ept"]].astype(TEXTE)
    over = own.reindex(cited)
    for column in ("nom", "departement", "epci", "epci_nom"):
        frame[column] = over[column].where(over[column].notna(), frame[column])
    frame["obligation_territoire"] = (
        frame["ept"].where(frame["ept"].notna(), frame["epci"]).mask(frame.index == PARIS, PARIS)
    )
    frame["carencee"], frame["zone_tendue"] = over["carencee"], over["zone_tendue"]
    frame["origine"] = _constant("cog", frame.index).mask(frame.index.isin(own.index), "territoires")
    presumed, origin = presume_obligation(frame, tables["logements"])
    said = over["obligation_25"].notna()
    frame["obligation_25"] = over["obligation_25"].where(said, presumed).astype("boolean")
    frame["obligation_origine"] = origin.mask(said, "territoires")
    return frame.reset_index()[list(_COLUMNS)]


def presume_obligation(frame: pd.DataFrame, logements: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Whether each commune is under the 25 % duty, and why it is presumed so.

    CCH, art. L. 441-1, al. 24: « sur le territoire des établissements publics de coopération intercommunale
    tenus de se doter d'un programme local de l'habitat […] ou ayant la compétence en matière d'habitat et au
    moins un quartier prioritaire », the EPT and Paris. Who must have a programme: L. 302-1, IV, last al.

    Returns
    -------
    Boolean, and "presumee_l302_1" or "presumee_qpv" (a dwelling of the dossier stands in QPV in this EPCI).
    """
    plh = frame["obligation_territoire"].isin(territoires_plh())
    in_qpv = logements.loc[logements["qpv"].fillna(False).astype(bool), "commune"].unique().tolist()
    with_qpv = frame.loc[frame.index.isin(in_qpv), "obligation_territoire"].dropna()
    qpv = frame["obligation_territoire"].isin(with_qpv) & ~plh
    origin = _constant("presumee_l302_1", frame.index).mask(qpv, "presumee_qpv")
    return (plh | qpv).astype("boolean"), origin


@cache
def territoires_plh() -> frozenset[str]:
    """EPCI that must have a programme local de l'habitat, EPT, and Paris.

    CCH, art. L. 302-1, IV, last al.: « communautés de communes compétentes en matière d'habitat de plus de
    30 000 habitants comprenant au moins une commune de plus de 10 000 habitants », communautés
    d'agglomération, métropoles, communautés urbaines. The habitat competence is not in the list: presumed.
    """
    communes = cog()[cog()["type"] == "commune"]
    epci = communes.groupby("epci").agg(
        type=("epci_type", "first"), population=("epci_population", "first"), largest=("population", "max")
    )
    large = (epci["type"] == "CC") & (epci["population"] > 30_000) & (epci["largest"] > 10_000)
    held = epci.index[epci["type"].isin(["METRO", "MET69", "CU", "CA"]) | large]
    # The métropole du Grand Paris is represented by its EPT and Paris.
    grand_paris = set(communes.loc[communes["ept"].notna(), "epci"])
    return frozenset({*held, *communes["ept"].dropna(), PARIS} - grand_paris)


def _constant(word: str, index: pd.Index) -> pd.Series:
    constant: pd.Series = pd.Series(word, index=index, dtype=TEXTE)
    return constant
