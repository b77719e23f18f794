"""More rights than dwellings, on one dwelling or in one programme: refused, or reduced in proportion.

This is a defect of the register. Dues above a territory's flow, of rights that each have their dwelling,
are another thing: see `plafonnement.reduce_overruns` and `Quotas.reductions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pandas as pd

from flux.conversion.territoires import source_of
from flux.dossier import Dossier
from flux.noyau.errors import Anomalie, DataError
from flux.rendu.nombres import entier

COLUMNS = ["id_logement", "programme", "commune", "nb_droits", "nb_logements", "coefficient"]


def refuse_excess(dossier: Dossier, suite: pd.DataFrame, exces: pd.DataFrame) -> None:
    """Raise every dwelling and programme that carries too many rights (`sur_reservation = "erreur"`).

    Parameters
    ----------
    suite : live rights, by dwelling and by lot.
    exces : the columns `COLUMNS`.

    Raises
    ------
    DataError
        Codes "reservations.sur_reservation.logement", "reservations.sur_reservation.programme".
    """
    anomalies: list[Anomalie] = []
    source = source_of(dossier, "reservations")
    priorite = dossier.convention.choix.logement_partage == "priorite"
    for ident, programme, commune, asked, available, _ in exces[COLUMNS].itertuples(index=False):
        if pd.notna(ident):
            rows = suite.loc[suite["id_logement"] == ident]
            ranks = rows.loc[rows["ordre"] == rows["ordre"].min(), "ordre"] if priorite else ()
            anomalies.append(
                Anomalie(
                    code="reservations.sur_reservation.logement",
                    message=f"Le logement « {ident} » porte {len(rows)} droits "
                    f"({', '.join(rows['id_reservataire'])}) dont les parts dépassent 1"
                    + (f" : {len(ranks)} ont le même ordre" if len(ranks) > 1 else ""),
                    fichier=source.fichier,
                    feuille=source.feuille,
                    ligne=int(rows["_ligne"].max()),
                    colonne="id_logement",
                    valeur=str(ident),
                    attendu="des parts dont la somme ne dépasse pas 1 pour un même logement, "
                    "ou des ordres différents",
                    correction="Remplir la colonne « part » (ou « ordre »), supprimer le droit en trop, "
                    'ou choisir sur_reservation = "reduction_proportionnelle" dans la section [choix].',
                )
            )
            continue
        rows = suite.loc[
            suite["id_logement"].isna() & (suite["programme"] == programme) & (suite["commune"] == commune)
        ]
        anomalies.append(
            Anomalie(
                code="reservations.sur_reservation.programme",
                message=f"Le programme « {programme} » ({commune}) porte {entier(asked)} droits "
                f"pour {available} logement{'s' if available > 1 else ''} dans l'assiette",
                fichier=source.fichier,
                feuille=source.feuille,
                ligne=int(rows["_ligne"].max()),
                colonne="nb",
                valeur=entier(asked),
                attendu=f"au plus {available} droits sur ce programme",
                correction="Corriger « nb », dater les droits éteints (date_fin), ou choisir "
                'sur_reservation = "reduction_proportionnelle" dans la section [choix].',
            )
        )
    if anomalies:
        raise DataError(anomalies)


def lots_excess(
    one: pd.DataFrame, lots: pd.DataFrame, nb_base: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], Fraction]:
    """Programmes that carry more live rights, by lot and by dwelling, than dwellings in the base.

    Parameters
    ----------
    one, lots : rights on identified dwellings of the base, and on programmes, with their weight `poids`.
    nb_base : dwellings of the base by programme and commune.

    Returns
    -------
    (programme, commune) -> rights asked.
    """
    asked: dict[tuple[str, str], Fraction] = {}
    for p, c, poids in zip(lots["programme"], lots["commune"], lots["poids"], strict=True):
        asked[p, c] = asked.get((p, c), Fraction(0)) + poids
    for p, c, poids in zip(one["programme"], one["commune"], one["poids"], strict=True):
        if (p, c) in asked:
            asked[p, c] += poids
    return {key: total for key, total in sorted(asked.items()) if total > nb_base[key]}


def excess_table(
    one: pd.DataFrame,
    programmes: Mapping[tuple[str, str], Fraction],
    nb_base: Mapping[tuple[str, str], int],
) -> pd.DataFrame:
    """`Quotas.sur_reservations`: what is asked of each dwelling and programme, and what it can give."""
    over = one.loc[[d > 1 for d in one["demande"]]].drop_duplicates("id_logement")
    rows = [
        (i, p, c, float(d), 1, float(1 / d))
        for i, p, c, d in zip(
            *(over[k] for k in ("id_logement", "programme", "commune", "demande")), strict=True
        )
    ]
    rows += [
        (None, p, c, float(asked), nb_base[p, c], float(nb_base[p, c] / asked))
        for (p, c), asked in programmes.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
