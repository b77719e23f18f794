"""Cross-table checks: what no column alone can show. Every check is run; every defect is listed.

A check yields anomalies and corrects nothing. A missing cell is silent here: it was said by its column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.communes import cog
from flux.dossier.completion import SPECIALES
from flux.dossier.convention import Convention
from flux.dossier.schemas import TABLES
from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source
from flux.noyau.tables import at_lines, suggestion

ETAT = "etat"
"""The group of the State's two réservataires, wherever a question names one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contexte:
    """What the checks look at. `lues`: the tables that were found."""

    tables: Mapping[str, pd.DataFrame]
    sources: Mapping[str, Source]
    lues: frozenset[str]
    convention: Convention | None
    source_convention: Source

    def defect(self, table: str, colonne: str | None, code: str, message: str, *, attendu: str = "",
               correction: str = "") -> Anomalie:
        """A blocking anomaly of `table`, code `table.colonne.code`, to be placed at its lines."""
        source = self.sources[table]
        return Anomalie(code=".".join(p for p in (table, colonne, code) if p), message=message,
                        fichier=source.fichier, feuille=source.feuille, colonne=colonne, attendu=attendu,
                        correction=correction)


def controler(contexte: Contexte) -> list[Anomalie]:
    """Every defect that the tables show together."""
    return [anomaly for control in CONTROLES for anomaly in control(contexte)]


def tables_requises(contexte: Contexte) -> Iterator[Anomalie]:
    """The three tables without which nothing can be computed, and at least one dwelling."""
    for nom, table in TABLES.items():
        if table.requise and nom not in contexte.lues:
            yield contexte.defect(nom, None, "table_absente", f"La table « {nom} » manque",
                                  attendu=f"un fichier {nom}.csv ou {nom}.xlsx, ou une feuille « {nom} »",
                                  correction="L'ajouter ; si elle porte un autre nom, la renommer.")
    if "logements" in contexte.lues and contexte.tables["logements"].empty:
        yield contexte.defect("logements", None, "vide", "Le patrimoine est vide : la table « logements » n'a aucune ligne",
                              attendu="une ligne par logement", correction="Compléter la table.")


def reservataires_connus(contexte: Contexte) -> Iterator[Anomalie]:
    """Every `id_reservataire` is in the table `reservataires`, or one of the reserved words allowed there."""
    known = set(contexte.tables["reservataires"]["id_reservataire"].dropna())
    allowed = {"reservations": set(), "mouvements": {v.BAILLEUR}, "soldes": {v.BAILLEUR, v.ENSEMBLE},
               "objectifs": {v.BAILLEUR, ETAT}}
    for table, words in allowed.items():
        frame = contexte.tables[table]
        ids = frame["id_reservataire"]
        yield from at_lines(
            contexte.defect(table, "id_reservataire", "inconnu", "Ce réservataire n'est pas dans la table « reservataires »",
                            attendu="un id_reservataire de la table « reservataires »"),
            frame, ids.notna() & ~ids.isin(known | words), ids,
            lambda read: suggestion(read, known) or "L'ajouter à la table « reservataires », ou corriger la cellule.")


def logements_connus(contexte: Contexte) -> Iterator[Anomalie]:
    """Every `id_logement` of a right or of a movement is in the table `logements`."""
    known = contexte.tables["logements"]["id_logement"].dropna()
    for table in ("reservations", "mouvements"):
        frame = contexte.tables[table]
        yield from at_lines(
            contexte.defect(table, "id_logement", "inconnu", "Ce logement n'est pas dans la table « logements »",
                            attendu="un id_logement de la table « logements »",
                            correction="Corriger l'identifiant, ou ajouter le logement (avec date_sortie s'il "
                                       "n'est plus au patrimoine)."),
            frame, frame["id_logement"].notna() & ~frame["id_logement"].isin(known), frame["id_logement"])


def support_du_droit(contexte: Contexte) -> Iterator[Anomalie]:
    """A right stands on a dwelling, or on a number of dwellings of a programme in a commune; never on both."""
    frame = contexte.tables["reservations"]
    dwelling = frame["id_logement"].notna()
    parts = frame[["programme", "commune", "nb"]].notna()
    attendu = "id_logement, ou bien programme, commune et nb"
    yield from at_lines(
        contexte.defect("reservations", None, "sans_support", "Le droit ne dit pas sur quels logements il porte",
                        attendu=attendu, correction="Compléter la ligne."), frame, ~dwelling & ~parts.all(axis=1))
    yield from at_lines(
        contexte.defect("reservations", None, "support_double",
                        "Le droit porte à la fois sur un logement et sur un nombre de logements",
                        attendu=attendu, correction="Vider soit id_logement, soit nb."),
        frame, dwelling & parts["nb"], frame["id_logement"])


def programmes_connus(contexte: Contexte) -> Iterator[Anomalie]:
    """A programme reserved stands in the stock or among the deliveries, in the same commune."""
    frame = contexte.tables["reservations"]
    known = pd.concat([contexte.tables[t][["programme", "commune"]] for t in ("logements", "livraisons")])
    keys = set(known.dropna().drop_duplicates().itertuples(index=False, name=None))
    names = set(known["programme"].dropna())
    wanted = frame["id_logement"].isna() & frame["programme"].notna() & frame["commune"].notna()
    unknown = pd.Series([w and key not in keys for w, key in
                         zip(wanted, zip(frame["programme"], frame["commune"], strict=True), strict=True)],
                        index=frame.index, dtype=bool)

    def correction(read: str) -> str:
        if read in names:
            return "Ce programme existe dans une autre commune : corriger la colonne « commune »."
        return suggestion(read, names) or "Corriger le programme, ou l'ajouter à « logements » ou à « livraisons »."

    yield from at_lines(
        contexte.defect("reservations", "programme", "inconnu",
                        "Ce programme n'est, dans cette commune, ni dans « logements », ni dans « livraisons »",
                        attendu="un programme et une commune qui vont ensemble dans l'une des deux tables"),
        frame, unknown, frame["programme"], correction)


def dates_du_droit(contexte: Contexte) -> Iterator[Anomalie]:
    """A right does not end before it begins; a droit unique has a year, or two dates to spread it over."""
    frame = contexte.tables["reservations"]
    ends = _date(frame["date_fin"])
    yield from at_lines(
        contexte.defect("reservations", "date_fin", "avant_debut", "La date de fin précède la date de début",
                        attendu="date_fin le même jour que date_debut, ou après",
                        correction="Corriger l'une des deux dates."),
        frame, frame["date_fin"] < frame["date_debut"], ends)
    dated = frame["date_debut"].notna() & frame["date_fin"].notna()
    unique = frame["type_droit"].eq(v.TypeDroit.UNIQUE)
    yield from at_lines(
        contexte.defect("reservations", "annee_prevue", "droit_unique_sans_annee",
                        "Un droit unique ne dit ni son année, ni ses deux dates",
                        attendu="annee_prevue, ou bien date_debut et date_fin",
                        correction="Compléter l'année prévue, ou les deux dates."),
        frame, unique & frame["annee_prevue"].isna() & ~dated, frame["id_reservataire"])


def mode_du_droit(contexte: Contexte) -> Iterator[Anomalie]:
    """Only defence, security and health stay in stock, and on identified dwellings (CCH, art. L. 441-1)."""
    frame = contexte.tables["reservations"]
    stock = frame["mode"].eq(v.Mode.STOCK)
    yield from at_lines(
        contexte.defect("reservations", "mode", "stock_sans_logement", "Un droit géré en stock ne désigne pas de logement",
                        attendu="id_logement rempli quand mode = stock",
                        correction="Désigner le logement, ou écrire mode = flux."),
        frame, stock & frame["id_logement"].isna(), frame["mode"])
    holders = contexte.tables["reservataires"].drop_duplicates("id_reservataire").set_index("id_reservataire")
    category = frame["id_reservataire"].map(holders["categorie"])
    yield from at_lines(
        contexte.defect("reservations", "mode", "stock_interdit",
                        "Ce réservataire ne peut pas garder des droits en stock (CCH, art. L. 441-1)",
                        attendu="mode = stock seulement pour les catégories defense_securite et hopital",
                        correction="Écrire mode = flux, ou corriger la catégorie du réservataire."),
        frame, stock & category.notna() & ~category.isin(SPECIALES), frame["id_reservataire"])


def territoires_connus(contexte: Contexte) -> Iterator[Anomalie]:
    """A territory code exists for its type, in the shipped list or in `territoires`."""
    known = _territories(contexte.tables["territoires"])
    for table in ("reservataires", "demande"):
        frame = contexte.tables[table]
        for kind, codes in known.items():
            mask = frame["territoire_type"].eq(kind) & frame["territoire_code"].notna()
            yield from at_lines(
                contexte.defect(table, "territoire_code", "inconnu", f"Ce code n'existe pas pour le type « {kind} »",
                                attendu=_CODES[kind],
                                correction="Corriger le code ou le type ; un territoire nouveau s'ajoute dans la table "
                                           "« territoires »."),
                frame, mask & ~frame["territoire_code"].isin(codes), frame["territoire_code"])


_CODES = {
    "departement": "un code de département (01, 2A, 974)",
    "region": "un code de région (84)",
    "epci": "le SIREN d'un EPCI à fiscalité propre, neuf chiffres",
    "ept": "le SIREN d'un EPT de la métropole du Grand Paris",
    "commune": "un code INSEE de commune en vigueur",
}


def _territories(own: pd.DataFrame) -> dict[str, set[str]]:
    communes = cog()[cog()["type"] == "commune"]
    return {
        "departement": {*communes["departement"].dropna(), *own["departement"].dropna()},
        "region": set(communes["region"].dropna()),
        "epci": {*communes["epci"].dropna(), *own["epci"].dropna()},
        # A dossier may declare its EPT in the column epci: they bear the duty in its place.
        "ept": {*communes["ept"].dropna(), *own["epci"].dropna()},
        "commune": {*communes.index, *own["commune"].dropna()},
    }


def etat_une_fois(contexte: Contexte) -> Iterator[Anomalie]:
    """The State's priority households, and its agents: one réservataire each."""
    frame = contexte.tables["reservataires"]
    state = frame["categorie"].isin([v.Categorie.ETAT_PRIORITAIRES, v.Categorie.ETAT_AGENTS])
    yield from at_lines(
        contexte.defect("reservataires", "categorie", "etat_en_double", "L'État a déjà un réservataire de cette catégorie",
                        attendu="une ligne etat_prioritaires et une ligne etat_agents au plus",
                        correction="Réunir les deux lignes sous un seul id_reservataire."),
        frame, state & frame["categorie"].duplicated(), frame["categorie"])


def liberations_connues(contexte: Contexte) -> Iterator[Anomalie]:
    """Something tells how many dwellings fall vacant."""
    if contexte.convention is None or not contexte.tables["mouvements"].empty:
        return
    hypotheses = contexte.convention.hypotheses
    if hypotheses.taux_rotation is None and hypotheses.liberations_prevues is None:
        source = contexte.source_convention
        yield Anomalie(code="convention.hypotheses.rotation_absente", fichier=source.fichier, feuille=source.feuille,
                       colonne="hypotheses.taux_rotation",
                       message="Rien ne dit combien de logements se libèrent dans l'année",
                       attendu="une table « mouvements », ou taux_rotation, ou liberations_prevues",
                       correction="Ajouter l'un des trois : par exemple taux_rotation = 0.073 dans [hypotheses].")


def objectifs_portes(contexte: Contexte) -> Iterator[Anomalie]:
    """An objective is borne by a territory or by a réservataire."""
    frame = contexte.tables["objectifs"]
    yield from at_lines(
        contexte.defect("objectifs", None, "sans_porteur", "L'objectif ne dit pas qui le porte",
                        attendu="territoire_code ou id_reservataire", correction="Compléter l'une des deux colonnes."),
        frame, frame["territoire_code"].isna() & frame["id_reservataire"].isna(), frame["objectif"])


def _date(dates: pd.Series) -> pd.Series:
    """Dates as a person reads them."""
    return dates.dt.strftime("%d/%m/%Y")


Controle = Callable[[Contexte], Iterable[Anomalie]]
CONTROLES: tuple[Controle, ...] = (
    tables_requises, etat_une_fois, territoires_connus, reservataires_connus, logements_connus, support_du_droit,
    programmes_connus, dates_du_droit, mode_du_droit, objectifs_portes, liberations_connues)
