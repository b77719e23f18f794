"""Vacancies as chances: of at least one in a commune, and between which counts nine times out of ten.

"1,2 logement attendu" says little to a mayor; "62 % de chances d'au moins un, de 0 à 3" does. Each dwelling
is let again or not, at the rate of its rotation group; the rate itself is known up to its beta law.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import floor, inf
from typing import Any

import pandas as pd

from flux.conversion.assiette import Classement
from flux.conversion.enveloppe import envelope, records
from flux.conversion.exact import total
from flux.conversion.flux import Flux
from flux.conversion.lissage import predicted
from flux.conversion.probabilites import Loi, at_least_one, beta_binomial, interval, thinned
from flux.conversion.rotation import Rotation
from flux.conversion.segments import SEGMENT
from flux.dossier import Dossier
from flux.loi import Regles
from flux.noyau.errors import FluxError, near_misses
from flux.rendu import images
from flux.rendu.nombres import decimal, entier, part
from flux.rendu.vue import Affichable, Tableau, Vue

WHAT = ("liberations", "flux_net")
COLUMNS = [
    "nb_logements",
    *(c for what in WHAT for c in (what, f"chances_{what}", f"{what}_bas", f"{what}_haut")),
]
Key = tuple[object, ...]


@dataclass(frozen=True, repr=False, eq=False)
class Vacances(Affichable):
    """The vacancies of the year as a law, by commune, by segment and for the whole.

    `table` has one row a commune: expected vacancies and net flow (dwellings), the chances of at least one
    (in [0, 1]), and the counts between which nine chances out of ten fall. The net flow is judged before its
    scaling to whole dwellings (F*/F) and without last year's remainder.
    """

    dossier: Dossier
    regles: Regles
    classement: Classement
    rotation: Rotation
    flux: Flux

    @cached_property
    def table(self) -> pd.DataFrame:
        """By commune: commune, nom, and `COLUMNS`."""
        out = self._frame(["commune"])
        noms = self.dossier.communes.set_index("commune")["nom"]
        out.insert(1, "nom", [str(noms.get(c, c)) for c in out["commune"]])
        return out

    @cached_property
    def segments(self) -> pd.DataFrame:
        """By segment: commune, qpv, typologie, financement, and `COLUMNS`."""
        return self._frame(SEGMENT)

    @cached_property
    def ensemble(self) -> pd.DataFrame:
        """For the whole: one row of `COLUMNS`."""
        return self._frame([])

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """What these chances rest on."""
        given = self.dossier.convention.hypotheses
        if given.liberations_prevues is not None:
            known = "le nombre prévu par le bailleur est tenu pour une moyenne certaine (loi binomiale)"
        elif not self.rotation.annees:
            known = "le taux de rotation de la convention est tenu pour certain (loi binomiale)"
        else:
            known = (
                "le taux de sa maille, connu par les seules relocations passées, est lui-même incertain "
                "(loi bêta-binomiale)"
            )
            if self.dossier.convention.choix.lissage == "aucun" and self.rotation.maille != "aucun":
                known += " ; une demi-relocation au taux du parc est ajoutée à chaque maille"
        return (
            f"Chaque logement se libère ou non, indépendamment des autres ; {known}. L'année à venir est "
            "supposée semblable aux années passées.",
            "Logements soustraits : toutes les libérations d'une commune ont la même chance de l'être.",
        )

    def phrase(self, commune: str) -> str:
        """What a mayor reads: `"Sainte-Luce : 1,20 logement attendu, 62 % de chances d'au moins un, …"`.

        Parameters
        ----------
        commune : its code or its name.

        Raises
        ------
        FluxError
            Code "vacances.commune_inconnue": no dwelling of the base there; near-misses suggested.
        """
        rows = self.table.loc[(self.table["commune"] == commune) | (self.table["nom"] == commune)]
        if rows.empty:
            known = [*self.table["nom"], *self.table["commune"]]
            close = near_misses(commune, known)
            hint = f" Vouliez-vous dire : {', '.join(close)} ?" if close else ""
            raise FluxError(
                f"Aucun logement de l'assiette à « {commune} ».{hint}", code="vacances.commune_inconnue"
            )
        row = rows.iloc[0]
        said = f"{row['nom']} : {_said(row, 'liberations')}"
        if row["flux_net"] != row["liberations"]:
            said += f" ; après logements soustraits, {_said(row, 'flux_net')}"
        return said + "."

    @property
    def resume(self) -> str:
        """The whole in one sentence."""
        row = self.ensemble.iloc[0]
        said = [
            f"{nom} : {decimal(row[what], 1)}, de {_range(row, what)} neuf fois sur dix"
            for nom, what in (("Libérations attendues", "liberations"), ("flux net", "flux_net"))
        ]
        return " ; ".join(said) + "."

    def vue(self) -> Vue:
        """The communes, and what the chances rest on."""
        shown = self.table.assign(
            **{f"intervalle_{what}": [_range(r, what) for _, r in self.table.iterrows()] for what in WHAT}
        )
        return Vue(
            titre=f"Libérations de {self.dossier.convention.annee}",
            tableaux=(
                Tableau(
                    titre="Chances par commune",
                    frame=shown,
                    colonnes=[
                        "nom",
                        "nb_logements",
                        *(c for what in WHAT for c in (what, f"chances_{what}", f"intervalle_{what}")),
                    ],
                    note="Neuf fois sur dix, au moins, le nombre est entre les deux bornes.",
                ),
            ),
            notes=(self.resume, *self.hypotheses),
        )

    def plot(self) -> Any:
        """The interval of each commune's vacancies, its expectation as a mark (a matplotlib figure)."""
        return images.intervalles(
            self.table[["nom", "liberations", "liberations_bas", "liberations_haut"]].set_axis(
                ["nom", "marque", "bas", "haut"], axis=1
            ),
            titre=f"Libérations attendues en {self.dossier.convention.annee}, par commune",
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the three tables, law, choices, sources."""
        return envelope(self.dossier, self.regles, "convert", self.hypotheses) | {
            "vacances": {nom: records(getattr(self, nom)) for nom in ("table", "segments", "ensemble")}
        }

    def _frame(self, keys: Sequence[str]) -> pd.DataFrame:
        """The laws by `keys`, as a table."""
        segments, flux = self.flux.segments, self.flux
        places: dict[Key, list[int]] = {}
        for place, key in enumerate(_keys(segments, keys)):
            places.setdefault(key, []).append(place)
        groups = self._groups(keys)
        rows = []
        for key, ks in places.items():
            nb = int(segments["nb_logements"].iloc[ks].sum())
            expected, net = (total([values[k] for k in ks]) for values in (flux.liberations, flux.net))
            if self.dossier.convention.hypotheses.liberations_prevues is None:
                loi = predicted(groups.get(key, {}), self.rotation.estimations, self.rotation.lets)
            else:
                loi = assumed(nb, expected)
            left = thinned(loi, float(net / expected)) if expected else loi
            rows.append(
                (
                    *key,
                    nb,
                    *(float(expected), at_least_one(loi), *interval(loi)),
                    *(float(net), at_least_one(left), *interval(left)),
                )
            )
        return pd.DataFrame(rows, columns=[*keys, *COLUMNS])

    def _groups(self, keys: Sequence[str]) -> dict[Key, dict[str, int]]:
        """Dwellings of the base in each rotation group, by `keys`."""
        base = self.dossier.logements.loc[self.classement.dans_assiette, SEGMENT]
        base = base.assign(qpv=base["qpv"].astype(bool), groupe=self.rotation.groupe.loc[base.index])
        counts = base.groupby([*keys, "groupe"], sort=True).size().reset_index(name="nb")
        out: dict[Key, dict[str, int]] = {}
        for key, groupe, nb in zip(_keys(counts, keys), counts["groupe"], counts["nb"], strict=True):
            out.setdefault(key, {})[str(groupe)] = int(nb)
        return out


def assumed(nb: int, expected: Fraction) -> Loi:
    """Law of the vacancies of `nb` dwellings of which `expected` are forecast: each has the same chance."""
    chance = expected / max(nb, 1)
    lets = 1 + floor(chance)
    return beta_binomial(lets * nb, float(chance / lets), inf)


def _keys(frame: pd.DataFrame, keys: Sequence[str]) -> list[Key]:
    """The key of each row: the empty one for all when there is none."""
    return list(zip(*(frame[k] for k in keys), strict=True)) if keys else [()] * len(frame)


def _said(row: pd.Series, what: str) -> str:
    """One expectation, its chances and its interval, in words."""
    nb = row[what]
    some = "s" if nb >= 2 else ""
    return (
        f"{decimal(nb, 1)} logement{some} attendu{some}, {_chances(row[f'chances_{what}'])} d'au moins un, "
        f"de {_range(row, what)} (intervalle à 90\u202f%)"
    )


def _range(row: pd.Series, what: str) -> str:
    return f"{entier(row[f'{what}_bas'])} à {entier(row[f'{what}_haut'])}"


def _chances(chance: float) -> str:
    if chance > 0.995:
        return "plus de 99\u202f% de chances"
    return (
        f"{part(chance, 0)} de chances" if chance >= 0.005 or not chance else "moins de 1\u202f% de chances"
    )
