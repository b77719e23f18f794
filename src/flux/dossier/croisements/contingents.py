"""The register against the contingent declared to the RPLS, where the dwellings carry it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pandas as pd

from flux.dossier.contexte import Contexte
from flux.dossier.croisements.constat import constat
from flux.dossier.rpls.contingents import ACCORD, CONTRADICTION, INCONNU, recouper
from flux.dossier.rpls.dictionnaire import contingents
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.tables import LIGNE

ANCIEN, FLUX = "4", "8"
"""All local authorities, before 41 to 45; managed in flow, which names nobody."""
MONTRES = 3


def rapprocher(
    logements: pd.DataFrame, reservations: pd.DataFrame, reservataires: pd.DataFrame, *, annee: int
) -> pd.DataFrame:
    """Each right alive on 1 January of `annee` against the contingent declared.

    Parameters
    ----------
    logements, reservations, reservataires : tables of a dossier; unknown contingents are left out.

    Returns
    -------
    The columns of `flux.dossier.recouper`: `support, id_logement, programme, commune, contingent, registre,
    constat` ∈ accord, contradiction, inconnu, `nb` (dwellings), `motif`. No row where nothing is declared.
    """
    codes = logements["contingent"]
    known = logements.assign(contingent=codes.where(codes.isin(list(contingents()))))
    return recouper(known, reservations, reservataires, au=date(annee, 1, 1))


def contingents_et_registre(contexte: Contexte) -> Iterator[Anomalie]:
    """Codes that say little or nothing, then what the two sources agree on and what they contradict."""
    frame = contexte.tables["logements"]
    codes = frame["contingent"]
    if not codes.notna().any():
        return
    known = contingents()
    yield from constat(
        contexte,
        "logements",
        "contingent",
        "valeur_inconnue",
        "Contingent inconnu : il n'est pas rapproché du registre",
        codes.notna() & ~codes.isin(list(known)),
        attendu=f"un code CONTRESLOG du RPLS : {', '.join(known)}",
        correction="Corriger le code, ou vider la cellule : les droits viennent du registre.",
    )
    yield from constat(
        contexte,
        "logements",
        "contingent",
        "ancien_code",
        f"Contingent {ANCIEN}, l'ancien code de toutes les collectivités : il ne dit pas laquelle",
        codes.eq(ANCIEN),
        gravite=Gravite.INFORMATION,
        correction="Rien à faire : les codes 41 à 45 le disent depuis.",
    )
    yield from constat(
        contexte,
        "logements",
        "contingent",
        "gestion_en_flux",
        f"Contingent {FLUX}, gestion en flux : le RPLS ne dit plus à qui le logement est réservé",
        codes.eq(FLUX),
        gravite=Gravite.INFORMATION,
        correction="Rien à faire : les droits viennent du registre.",
    )
    if contexte.convention is not None:
        yield from _rapprochement(contexte, contexte.convention.annee)


def _rapprochement(contexte: Contexte, annee: int) -> Iterator[Anomalie]:
    table = rapprocher(
        *(contexte.tables[t] for t in ("logements", "reservations", "reservataires")), annee=annee
    )
    if table.empty:
        return
    nb = table.groupby("constat")["nb"].sum()
    accords, contre, inconnus = (int(nb.get(c, 0)) for c in (ACCORD, CONTRADICTION, INCONNU))
    yield replace(
        contexte.defect(
            "logements",
            "contingent",
            "rapprochement",
            f"Contingent du RPLS et registre, sur {accords + contre + inconnus} logements : {accords} "
            f"d'accord, {contre} en contradiction, {inconnus} où le RPLS ne dit rien",
            correction="Le détail, logement par logement ou par programme : dossier.rapprochement.",
        ),
        gravite=Gravite.INFORMATION,
    )
    wrong = table[table["constat"].eq(CONTRADICTION)]
    if wrong.empty:
        return
    frame = contexte.tables["logements"]
    named = frame["id_logement"].isin(wrong["id_logement"].dropna())
    kinds = wrong.groupby(["contingent", "registre"])["nb"].sum().reset_index()
    kinds = kinds.sort_values("nb", ascending=False, kind="stable")
    shown = [
        f"{_said(code)}au RPLS, {held} au registre ({nb_kind})"
        for code, held, nb_kind in kinds.head(MONTRES).itertuples(index=False, name=None)
    ]
    more = f" ; et {len(kinds) - MONTRES} autres cas" if len(kinds) > MONTRES else ""
    lots = wrong.loc[wrong["support"].eq("programme"), "programme"].drop_duplicates().tolist()
    where = f" ; programmes {', '.join(map(str, lots[:MONTRES]))}{'…' if len(lots) > MONTRES else ''}"
    yield replace(
        contexte.defect(
            "logements",
            "contingent",
            "contradiction",
            f"Le RPLS et le registre se contredisent sur {contre} logements : {' ; '.join(shown)}{more}"
            f"{where if lots else ''}",
            attendu="le même réservataire des deux côtés",
            correction="Vérifier le registre (c'est lui qui est converti), ou la déclaration au RPLS.",
        ),
        gravite=Gravite.A_VERIFIER,
        lignes=tuple(frame.loc[named, LIGNE].astype(int)),
    )


def _said(code: str) -> str:
    """`"3"` -> `"code 3, « Employeurs (Action Logement) »,"`; the family of a programme is said as it is."""
    known = contingents().get(code)
    return f"code {code}, « {known.libelle} », " if known else f"« {code} » "
