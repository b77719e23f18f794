"""B5: the targets of the year, at the two half-year stops: first quartile, QPV, DALO and priority households.

"au moins 25 % des attributions annuelles, suivies de baux signés, de logements situés en dehors des quartiers
prioritaires"; "au moins 50 % des attributions annuelles de logements situés dans les quartiers prioritaires"
(CCH, art. L. 441-1, al. 24 to 27); "au moins un quart des attributions annuelles" (al. 39 and 43).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import pandas as pd

from flux.allocation.obligations.loi import DALO_OF
from flux.annexe.section import Section
from flux.bilan.faits import Faits
from flux.bilan.journal import APART, HORS_CHAMP, QPV
from flux.conversion.cellules import BAILLEUR
from flux.dossier.vocabulaire import Objectif
from flux.rendu import nombres
from flux.rendu.vue import Colonne, Tableau

OBJECTIF = Colonne("objectif", "objectif")
MESURES = ("base", "atteint_direct", "releges", "inconnu", "part_atteinte", "part_demandee", "manque")
PRIORITES = ("dalo", "prioritaire")


@dataclass(frozen=True, kw_only=True)
class Cible:
    """A share that the leases of some communes must reach."""

    objectif: str
    territoire: str
    communes: frozenset[str]
    part: Fraction
    article: str


def objectifs(faits: Faits) -> Section:
    """Mixité by territory and half-year, then DALO and priority households by holder."""
    tables = []
    mixite = _mixite(faits)
    if len(mixite):
        tables.append(
            Tableau(
                cle="objectifs.mixite",
                titre="Mixité : baux signés du territoire, tous contingents, dans et hors du flux",
                frame=mixite,
                colonnes=[
                    OBJECTIF,
                    "territoire_code",
                    Colonne("arrete", "bilan.arrete"),
                    *(Colonne(c, f"bilan.{c}") for c in MESURES),
                    "article",
                ],
                note="L'objectif légal s'apprécie sur le territoire, tous bailleurs ensemble : ceci est la part "
                "du bailleur. Relogés comptés à part : renouvellement urbain et ORCOD, hors QPV, quelles que "
                "soient les ressources.",
            )
        )
    dalo = _dalo(faits)
    if len(dalo):
        tables.append(
            Tableau(
                cle="objectifs.dalo",
                titre="Ménages DALO et prioritaires, par réservataire",
                frame=dalo,
                colonnes=[
                    "id_reservataire",
                    *(
                        Colonne(c, f"bilan.{c}")
                        for c in (
                            *("base_semestre", "prioritaires_semestre", "base", "dalo", "prioritaire"),
                            *("inconnu", "part_atteinte", "part_demandee", "seuil_entier", "manque"),
                        )
                    ),
                    "article",
                ],
                note=_dalo_note(faits),
            )
        )
    return Section(
        cle="objectifs",
        titre="Objectifs",
        paragraphes=("Objectifs de la loi et des parties, arrêtés au 30 juin et au 31 décembre.",),
        puces=_missing(faits, mixite),
        tableaux=tuple(tables),
    )


def _periods(faits: Faits) -> list[tuple[str, pd.Timestamp | None, pd.Timestamp | None]]:
    """Name, first and last day; the whole year needs no date."""
    year = faits.annee
    whole = (f"Année {year}", None, None)
    if faits.journal.sans_jour:
        return [whole]
    return [
        ("30/06 (six mois)", pd.Timestamp(year, 1, 1), pd.Timestamp(year, 6, 30)),
        ("31/12 (six mois)", pd.Timestamp(year, 7, 1), pd.Timestamp(year, 12, 31)),
        whole,
    ]


def _cibles(faits: Faits) -> Iterator[Cible]:
    """The law on each territory under the duty, then what the parties ask beyond it."""
    towns, regles = faits.dossier.communes, faits.regles
    under = towns.loc[towns["obligation_25"].fillna(False).astype(bool)]
    named = (
        (Objectif.Q1_HORS_QPV, "part_min_q1_hors_qpv"),
        (Objectif.AUTRES_QPV, "part_min_autres_qpv"),
    )
    for code, communes in under.groupby("obligation_territoire", sort=True)["commune"]:
        for objectif, cle in named:
            if cle in regles:
                yield Cible(
                    objectif=objectif,
                    territoire=str(code),
                    communes=frozenset(communes),
                    part=Fraction(regles.valeur(cle)),  # type: ignore[arg-type]
                    article=str(regles[cle].article),
                )
    asked = faits.dossier.objectifs
    asked = asked.loc[asked["objectif"].isin([o for o, _ in named]) & asked["id_reservataire"].isna()]
    for row in asked.drop_duplicates(["objectif", "territoire_code", "part"]).to_dict("records"):
        code = row["territoire_code"]
        inside = (towns[["commune", "epci", "ept", "departement"]] == code).any(axis=1) | pd.isna(code)
        yield Cible(
            objectif=str(row["objectif"]),
            territoire="*" if pd.isna(code) else str(code),
            communes=frozenset(towns.loc[inside, "commune"]),
            part=Fraction(repr(float(row["part"]))),
            article=str(row["source"]) if pd.notna(row["source"]) else "CCH, art. L. 441-1-6",
        )


def _mixite(faits: Faits) -> pd.DataFrame:
    """A row a target and period: `base`, what counts by income, relogés that count anyway, unknown, short."""
    rows = faits.journal.lignes
    rows = rows.loc[rows["porteur"] != HORS_CHAMP]
    event = {Objectif.Q1_HORS_QPV: "bail", Objectif.AUTRES_QPV: str(faits.dossier.convention.choix.qpv_evenement)}
    whatever = set(faits.regles.liste("relogements_comptes_q1"))
    out = []
    for cible in _cibles(faits):
        outside = cible.objectif == Objectif.Q1_HORS_QPV
        if not faits.journal.knows(event[Objectif(cible.objectif)]):
            continue
        mine = rows.loc[
            (rows["etape"] == event[Objectif(cible.objectif)])
            & (rows["qpv"] == QPV[not outside])
            & rows["commune"].isin(cible.communes)
        ]
        moved = mine["nature"].isin(whatever) & outside
        for arrete, first, last in _periods(faits):
            inside = pd.Series(True, mine.index) if first is None else mine["jour"].between(first, last)
            counted = mine["nb"].where(inside, 0)
            direct = int(counted.loc[mine["quartile"].eq("q1" if outside else "q234") & ~moved].sum())
            relocated, base = int(counted.loc[moved].sum()), int(counted.sum())
            known = mine["quartile"].isin(["q1", "q234"]) | moved
            out.append(
                {
                    "objectif": cible.objectif,
                    "territoire_code": faits.noms.territoire(cible.territoire),
                    "arrete": arrete,
                    "base": base,
                    "atteint_direct": direct,
                    "releges": relocated if outside else None,
                    "inconnu": int(counted.loc[~known].sum()),
                    **_against(cible.part, base, direct + relocated),
                    "article": cible.article,
                }
            )
    columns = ["objectif", "territoire_code", "arrete", *MESURES, "seuil_entier", "article"]
    return pd.DataFrame(out, columns=columns).astype({"releges": "Int64"})


def _against(part: Fraction, base: int, reached: int) -> dict[str, object]:
    """What is asked of a base and what is short, in whole dwellings: "au moins un quart" of 5 is 2."""
    return {
        "part_atteinte": reached / base if base else None,
        "part_demandee": float(part),
        "seuil_entier": ceil(part * base),
        "manque": max(0, ceil(part * base - reached)) if base else None,
    }


def _dalo(faits: Faits) -> pd.DataFrame:
    """A row a holder under the duty: its attributions (failing them, its leases), and who they went to."""
    dossier = faits.dossier
    event = _dalo_event(faits)
    rows = faits.journal.of(event)
    rows = faits.mine(rows.loc[~rows["porteur"].isin(list(APART))])
    categories = dict(
        zip(dossier.reservataires["id_reservataire"], dossier.reservataires["categorie"], strict=True)
    ) | {BAILLEUR: BAILLEUR}
    early = rows["jour"] <= pd.Timestamp(faits.annee, 6, 30)
    served = rows["priorite"].isin(PRIORITES)
    counts = pd.DataFrame(
        {
            "base": rows["nb"],
            "base_semestre": rows["nb"].where(early, 0),
            "prioritaires_semestre": rows["nb"].where(early & served, 0),
            **{p: rows["nb"].where(rows["priorite"] == p, 0) for p in PRIORITES},
            "inconnu": rows["nb"].where(rows["priorite"].isna(), 0),
        }
    )
    table = faits.sorted(counts.groupby(rows["porteur"]).sum().reset_index(), "porteur")
    out = []
    for row in table.to_dict("records"):
        cle = DALO_OF.get(str(categories.get(row["porteur"])))
        if cle is None or cle not in faits.regles:
            continue
        asked = Fraction(faits.regles.valeur(cle))  # type: ignore[arg-type]
        reached = int(row["dalo"] + row["prioritaire"])
        out.append(
            {
                **row,
                "id_reservataire": faits.name(row["porteur"]),
                **_against(asked, int(row["base"]), reached),
                "article": str(faits.regles[cle].article),
            }
        )
    frame = pd.DataFrame(out)
    if faits.journal.sans_jour and len(frame):
        frame[["base_semestre", "prioritaires_semestre"]] = pd.NA
    return frame


def _dalo_event(faits: Faits) -> str:
    return "attribution" if faits.journal.knows("attribution") else "bail"


def _dalo_note(faits: Faits) -> str:
    what = "attributions" if _dalo_event(faits) == "attribution" else "baux, faute d'attributions"
    return (
        f"Base : {what} de l'année au compte du réservataire, hors mutations et relogements. Le bailleur répond "
        "aussi des logements dont le candidat du réservataire a échoué, s'ils sont écrits à son compte."
    )


def _missing(faits: Faits, mixite: pd.DataFrame) -> tuple[str, ...]:
    """What the movements do not let the report say."""
    journal, said = faits.journal, []
    leases = journal.of("bail")
    if not _any(faits.dossier.communes["obligation_25"]):
        said.append("Mixité : sans objet, aucune commune du dossier n'est tenue aux objectifs de 25 %.")
    elif mixite.empty:
        said.append("Mixité : non calculable, aucun bail. À fournir : les lignes etape = bail de « mouvements ».")
    for colonne, nom, rows in (
        ("quartile", "Premier quartile", leases),
        ("priorite", "DALO et prioritaires", journal.of(_dalo_event(faits))),
    ):
        unknown = rows[colonne].isna() | (rows[colonne] == "inconnu")
        if nb := int(rows.loc[unknown, "nb"].sum()):
            said.append(
                f"{nom} : {colonne} non renseigné pour {nombres.entier(nb)} sur "
                f"{nombres.entier(rows['nb'].sum())} ; ils restent dans la base et ne comptent pas comme atteints. "
                f"À fournir : {colonne} dans « mouvements »."
            )
    if len(leases) and journal.sans_jour:
        said.append(
            f"Arrêtés au 30 juin et au 31 décembre : non calculables, aucun jour de {journal.annee}. À fournir : "
            "date (JJ/MM/AAAA) dans « mouvements »."
        )
    elif nb := int(leases.loc[leases["jour"].isna(), "nb"].sum()):
        said.append(
            f"{nombres.entier(nb)} bail(baux) sans date de {journal.annee} : comptés dans l'année, dans aucun "
            "semestre. À fournir : date dans « mouvements »."
        )
    said.append(
        "Travailleurs essentiels : non calculable, la table « mouvements » ne dit pas quels ménages le sont "
        "(CCH, art. L. 441-1, al. 35)."
    )
    return tuple(said)


def _any(flags: Sequence[object] | pd.Series) -> bool:
    return bool(pd.Series(flags).fillna(False).astype(bool).any())
