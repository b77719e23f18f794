"""More rights than dwellings, on one dwelling or in one programme: refused, or reduced in proportion."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from flux.conversion.territoires import source_of
from flux.dossier import Dossier
from flux.noyau.errors import Anomalie, DataError
from flux.rendu.nombres import entier


def refuse_excess(
    dossier: Dossier, one: pd.DataFrame, lots: pd.DataFrame, nb_base: pd.Series, regle: str
) -> None:
    """Under `sur_reservation = "erreur"`, every dwelling and programme that carries too many rights.

    Parameters
    ----------
    one : live rights on identified dwellings of the base, with their weight `poids`.
    lots : live rights on programmes.
    nb_base : dwellings of the base by programme and commune.

    Raises
    ------
    DataError
        Codes "reservations.sur_reservation.logement", "reservations.sur_reservation.programme".
    """
    if regle != "erreur":
        return
    anomalies: list[Anomalie] = []
    source = source_of(dossier, "reservations")
    held = one.groupby("id_logement")["poids"].sum() if len(one) else pd.Series(dtype=object)
    for ident in held.index[[h > 1 for h in held]] if len(held) else []:
        rows = one.loc[one["id_logement"] == ident]
        anomalies.append(
            Anomalie(
                code="reservations.sur_reservation.logement",
                message=f"Le logement « {ident} » porte {len(rows)} droits "
                f"({', '.join(rows['id_reservataire'])}) dont les parts dépassent 1",
                fichier=source.fichier,
                feuille=source.feuille,
                ligne=int(rows["_ligne"].max()),
                colonne="id_logement",
                valeur=str(ident),
                attendu="des parts dont la somme ne dépasse pas 1 pour un même logement",
                correction="Remplir la colonne « part » (ou « ordre »), supprimer le droit en trop, "
                'ou choisir sur_reservation = "reduction_proportionnelle" dans la section [choix].',
            )
        )
    for (programme, commune), asked, available in _lots_excess(one, lots, nb_base):
        rows = lots.loc[(lots["programme"] == programme) & (lots["commune"] == commune)]
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


def _lots_excess(
    one: pd.DataFrame, lots: pd.DataFrame, nb_base: pd.Series
) -> list[tuple[tuple[str, str], Fraction, int]]:
    """Programmes that carry more live rights, by lot and by dwelling, than dwellings in the base."""
    asked: dict[tuple[str, str], Fraction] = {}
    for p, c, nb, jours, an in zip(
        lots["programme"], lots["commune"], lots["nb"], lots["jours"], lots["jours_an"], strict=True
    ):
        asked[p, c] = asked.get((p, c), Fraction(0)) + Fraction(int(nb) * int(jours), int(an))
    if asked and len(one):
        weights = one.groupby(["programme", "commune"])["poids"].sum()
        for (p, c), poids in zip(weights.index, weights, strict=True):
            if (p, c) in asked:
                asked[p, c] += poids
    return [
        (key, total, int(nb_base[key])) for key, total in sorted(asked.items()) if total > int(nb_base[key])
    ]


def reduce_excess(
    one: pd.DataFrame, lots: pd.DataFrame, nb_base: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bring the rights of a dwelling back to 1, then those of a programme to its dwellings, in proportion."""
    if len(one):
        held = one.groupby("id_logement")["poids"].transform("sum")
        one = one.assign(poids=[p if h <= 1 else p / h for p, h in zip(one["poids"], held, strict=True)])
    factors = {key: Fraction(available) / asked for key, asked, available in _lots_excess(one, lots, nb_base)}
    if factors:
        one = one.assign(
            poids=[
                p * factors.get((g, c), Fraction(1))
                for p, g, c in zip(one["poids"], one["programme"], one["commune"], strict=True)
            ]
        )
    weights = [
        Fraction(int(nb) * int(j), int(a)) * factors.get((p, c), Fraction(1))
        for p, c, nb, j, a in zip(
            lots["programme"], lots["commune"], lots["nb"], lots["jours"], lots["jours_an"], strict=True
        )
    ]
    return one, lots.assign(poids=pd.Series(weights, index=lots.index, dtype=object))
