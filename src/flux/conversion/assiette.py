"""The assiette: which dwellings carry the annual flow, step by step, each with its reason.

Two questions are kept apart. *Scope* does not depend on the year (a foyer never was in it): it also
decides which past movements count. *Presence* does: sold or not yet let on 1 January.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from flux.dossier import Dossier
from flux.loi import Regles

ASSIETTE = "assiette"


@dataclass(frozen=True)
class Classement:
    """Every dwelling's place: `etape` (the step that takes it out, or "assiette"), and its scope.

    `dans_champ` ignores presence: a dwelling sold since still counts in the stock of past years.
    """

    etape: pd.Series
    dans_champ: pd.Series
    table: pd.DataFrame

    @property
    def dans_assiette(self) -> pd.Series:
        """True for the dwellings that carry the flow."""
        return self.etape == ASSIETTE


@dataclass(frozen=True)
class Etape:
    """One step of the computation of the base: who leaves, why, by which text."""

    nom: str
    motif: str
    article: Callable[[Regles], str]
    concerne: Callable[[Dossier], pd.Series]


def classify(dossier: Dossier, regles: Regles, stock_ids: frozenset[str]) -> Classement:
    """Sort every dwelling: out of the base by the first step that takes it, or in it.

    Parameters
    ----------
    stock_ids : dwellings kept in stock for défense, sécurité intérieure or a hospital
        (L. 441-1, al. 39), alive on 1 January.
    """
    choix = dossier.convention.choix
    scope = [
        e for e in CHAMP if not (e.nom == "residence_etudiante" and choix.residences_etudiantes == "dans")
    ]
    if not choix.stock_exceptions_dans_assiette:
        scope.append(
            Etape(
                "exception_stock",
                "logement identifié, réservé en stock (défense, sécurité, santé)",
                _article("exclusion_exception_stock"),
                lambda d: d.logements["id_logement"].isin(stock_ids),
            )
        )
    scope.append(
        Etape(
            "occupation",
            "logement qui n'est pas offert à la location ordinaire (code d'occupation "
            + ", ".join(map(str, choix.occupations_exclues))
            + ")",
            lambda _: "choix de la convention",
            lambda d: d.logements["occupation"].isin(list(choix.occupations_exclues)),
        )
    )

    logements = dossier.logements
    etape = pd.Series(ASSIETTE, index=logements.index)
    dans_champ = pd.Series(True, index=logements.index)
    rows: list[tuple[str, int, str, str]] = [
        ("total", len(logements), "logements lus dans la table des logements", "CCH, art. R. 441-5, I")
    ]
    for step in (*PRESENCE, *scope):
        concerned = step.concerne(dossier).fillna(False).astype(bool)
        if step not in PRESENCE:
            dans_champ &= ~concerned
        leaving = concerned & (etape == ASSIETTE)
        etape = etape.mask(leaving, step.nom)
        rows.append((step.nom, int(leaving.sum()), step.motif, step.article(regles)))
    rows.append(
        (
            ASSIETTE,
            int((etape == ASSIETTE).sum()),
            "logements qui portent le flux annuel",
            "CCH, art. R. 441-5, I",
        )
    )
    return Classement(
        etape, dans_champ, pd.DataFrame(rows, columns=["etape", "nb_logements", "motif", "article"])
    )


def in_service(logements: pd.DataFrame, annee: int) -> pd.Series:
    """Let for the first time before `annee`, and not yet out on its 1 January.

    An absent year of first letting means: always in service (dossier, "Turnover").
    """
    started = (logements["annee_mise_location"] < annee).fillna(True).astype(bool)
    return started & ~_out(logements, annee)


def _out(logements: pd.DataFrame, annee: int) -> pd.Series:
    return (logements["date_sortie"] <= pd.Timestamp(date(annee, 1, 1))).fillna(False).astype(bool)


def _article(cle: str) -> Callable[[Regles], str]:
    return lambda regles: regles[cle].article


def _other_departement(dossier: Dossier) -> pd.Series:
    departement = dossier.communes.set_index("commune")["departement"]
    return dossier.logements["commune"].map(departement) != dossier.convention.bailleur.departement


def _sem_without_apl(dossier: Dossier) -> pd.Series:
    return (dossier.logements["conventionne"] == False) & (dossier.convention.bailleur.famille == "sem")  # noqa: E712


PRESENCE = (
    Etape(
        "sorti",
        "logement vendu, démoli ou sorti du patrimoine au 1er janvier",
        lambda _: "CCH, art. R. 441-5, I",
        lambda d: _out(d.logements, d.convention.annee),
    ),
    Etape(
        "pas_en_service",
        "première mise en location l'année de la convention ou après",
        lambda _: "CCH, art. R. 441-5, I (actualisation annuelle)",
        lambda d: d.logements["annee_mise_location"] >= d.convention.annee,
    ),
)
CHAMP = (
    Etape(
        "autre_departement",
        "logement d'un autre département : il relève d'une autre convention",
        _article("exclusion_autre_departement"),
        _other_departement,
    ),
    Etape(
        "foyer",
        "logement-foyer ou résidence sociale",
        _article("exclusion_foyer"),
        lambda d: d.logements["nature"] == "foyer",
    ),
    Etape(
        "residence_etudiante",
        "résidence universitaire",
        _article("exclusion_residence_etudiante"),
        lambda d: d.logements["nature"] == "residence_etudiante",
    ),
    Etape(
        "pli_lli",
        "logement intermédiaire (PLI ou LLI)",
        _article("exclusion_pli_lli"),
        lambda d: (d.logements["nature"] == "pli_lli") | (d.logements["financement"] == "PLI"),
    ),
    Etape(
        "sem_non_conventionne",
        "logement non conventionné d'une SEM",
        _article("exclusion_sem_non_conventionne"),
        _sem_without_apl,
    ),
)
