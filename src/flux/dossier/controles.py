"""Cross-table checks: what no column alone can show. Every check is run; every defect is listed.

A check yields anomalies and corrects nothing. A missing cell is silent here: it was said by its column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import cache, partial

import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.cellules import cle, sans_accent
from flux.dossier.communes import cog
from flux.dossier.contexte import Contexte
from flux.dossier.controles_droits import dates_du_droit, mode_du_droit, programmes_connus, support_du_droit
from flux.dossier.controles_vraisemblance import (
    liberations_possibles,
    logements_du_departement,
    mouvements_passes,
    soldes_de_l_an_dernier,
    soldes_possibles,
)
from flux.dossier.croisements import CROISEMENTS
from flux.dossier.schemas import TABLES
from flux.noyau.errors import Anomalie, near_misses
from flux.noyau.tables import anomaly_at, at_lines, enumerate_fr, strangers

MODELE = "modèle à remplir : flux template modele.xlsx"
LISTES = 12
"""Identifiers named at most in one remedy."""
ETAT = "etat"
"""The group of the State's two réservataires, wherever a question names one."""


def controler(contexte: Contexte) -> list[Anomalie]:
    """Every defect that the tables show together."""
    return [anomaly for control in CONTROLES for anomaly in control(contexte)]


def tables_requises(contexte: Contexte) -> Iterator[Anomalie]:
    """The three tables without which nothing can be computed, and at least one dwelling."""
    for nom, table in TABLES.items():
        if table.requise and nom not in contexte.lues and nom not in contexte.illisibles:
            yield contexte.defect(
                nom,
                None,
                "table_absente",
                f"La table « {nom} » manque",
                attendu=f"un fichier {nom}.csv ou {nom}.xlsx, ou une feuille « {nom} »",
                correction=_file_hint(nom, contexte.inconnues),
            )
    if "logements" in contexte.lues and contexte.tables["logements"].empty:
        yield contexte.defect(
            "logements",
            None,
            "vide",
            "Le patrimoine est vide : la table « logements » n'a aucune ligne",
            attendu="une ligne par logement",
            correction="Compléter la table.",
        )


def _file_hint(table: str, inconnues: Mapping[str, str]) -> str:
    """Where the table may be: under its name in a format that is not read, under its headers, a near name."""
    stems = {name: cle(name.rsplit(".", 1)[0]) for name in inconnues}
    if unread := [name for name, stem in stems.items() if stem == table]:
        return f"Enregistrer {enumerate_fr(unread, ' ou ')} au format .xlsx ou .csv."
    alike = [name for name in inconnues if inconnues[name] == table]
    close = alike or [name for name in inconnues if not inconnues[name] and near_misses(stems[name], [table])]
    if not close:
        return f"L'ajouter ; {MODELE}."
    suffixes = {name.rpartition(".")[1] + name.rpartition(".")[2] if "." in name else "" for name in close}
    new = table + (suffixes.pop() if len(suffixes) == 1 else "")
    why = f" : ses en-têtes sont ceux de la table « {table} »" if alike and len(alike) == 1 else ""
    return f"Renommer {enumerate_fr(close, ' ou ')} en « {new} »{why}."


def reservataires_connus(contexte: Contexte) -> Iterator[Anomalie]:
    """Every `id_reservataire` is in the table `reservataires`, or one of the reserved words allowed there."""
    if not contexte.known("reservataires", "id_reservataire"):
        return
    holders = contexte.tables["reservataires"].dropna(subset=["id_reservataire", "nom"])
    known = set(contexte.tables["reservataires"]["id_reservataire"].dropna().tolist())
    named = dict(zip(holders["nom"].map(cle), holders["id_reservataire"], strict=True))
    bare = {cle(name): name for name in known}

    def correction(read: str) -> str:
        word = cle(read)
        if word in named:
            return f"C'est un nom : écrire son identifiant, « {named[word]} »."
        near = [bare[w] for w in [*near_misses(word, bare), *word.split("_")] if w in bare]
        near += [named[name] for name in near_misses(word, named)]
        if near:
            close = enumerate_fr(dict.fromkeys(near), " ou ")
            return f"Écrire l'identifiant : {close} ? Sinon, l'ajouter à la table."
        listed = enumerate_fr(sorted(known)[:LISTES], " ou ") + (", …" if len(known) > LISTES else "")
        return f"Écrire l'un des identifiants de la table ({listed}), ou y ajouter ce réservataire."

    allowed: dict[str, set[str]] = {
        "reservations": set(),
        "mouvements": {v.BAILLEUR},
        "soldes": {v.BAILLEUR, v.ENSEMBLE},
        "objectifs": {v.BAILLEUR, ETAT},
    }
    for table, words in allowed.items():
        frame = contexte.tables[table]
        ids = frame["id_reservataire"]
        yield from at_lines(
            contexte.defect(
                table,
                "id_reservataire",
                "inconnu",
                "Ce réservataire n'est pas dans la table « reservataires »",
                attendu="un id_reservataire de la table « reservataires »",
            ),
            frame,
            strangers(ids, known | words),
            ids,
            correction,
        )


def logements_connus(contexte: Contexte) -> Iterator[Anomalie]:
    """Every `id_logement` of a right or of a movement is in the table `logements`."""
    if not contexte.known("logements", "id_logement") or contexte.tables["logements"].empty:
        return
    known = contexte.tables["logements"]["id_logement"].dropna().tolist()
    bare = cache(lambda: {_without_zeros(name): name for name in known})

    def correction(read: str) -> str:
        if near := bare().get(_without_zeros(read)):
            return f"Vouliez-vous dire « {near} » ?"
        return (
            "Corriger l'identifiant, ou ajouter le logement (avec date_sortie s'il n'est plus au patrimoine)."
        )

    for table in ("reservations", "mouvements"):
        frame = contexte.tables[table]
        yield from at_lines(
            contexte.defect(
                table,
                "id_logement",
                "inconnu",
                "Ce logement n'est pas dans la table « logements »",
                attendu="un id_logement de la table « logements »",
            ),
            frame,
            strangers(frame["id_logement"], known),
            frame["id_logement"],
            correction,
        )


def _without_zeros(name: str) -> str:
    """An identifier without what is often lost or added: zeros before it, its case, spaces and marks."""
    return re.sub(r"[^a-z0-9]", "", sans_accent(name)).lstrip("0")


def territoires_connus(contexte: Contexte) -> Iterator[Anomalie]:
    """A territory code exists for its type, in the shipped list or in `territoires`."""
    if not contexte.known("territoires", "commune"):
        return
    known = _territories(contexte.tables["territoires"])
    for table in ("reservataires", "demande"):
        frame = contexte.tables[table]
        for kind, (codes, attendu) in known.items():
            mask = frame["territoire_type"].eq(kind)
            yield from at_lines(
                contexte.defect(
                    table,
                    "territoire_code",
                    "inconnu",
                    f"Ce code n'existe pas pour le type « {kind} »",
                    attendu=attendu,
                ),
                frame,
                mask & strangers(frame["territoire_code"], codes),
                frame["territoire_code"],
                partial(_territory_hint, kind, codes),
            )
    frame = contexte.tables["objectifs"]
    anywhere = {*cog().index, *contexte.tables["territoires"]["commune"].dropna()}
    anywhere |= {code for codes, _ in known.values() for code in codes}
    yield from at_lines(
        contexte.defect(
            "objectifs",
            "territoire_code",
            "inconnu",
            "Ce territoire n'existe pas",
            attendu="un code de commune, d'EPCI, d'EPT, de département ou de région",
            correction="Corriger le code.",
        ),
        frame,
        strangers(frame["territoire_code"], anywhere),
        frame["territoire_code"],
    )


def _territory_hint(kind: str, codes: Set[str], read: str) -> str:
    """The code of the EPCI that is named, or that the commune named is in; the code without its lost zero."""
    listed = cog()
    if read.zfill(2) in codes:
        return f"Vouliez-vous dire « {read.zfill(2)} » ?"
    if kind in (v.TerritoireType.EPCI, v.TerritoireType.EPT):
        if read in listed.index and pd.notna(code := listed[kind].get(read)):
            return f"C'est le code d'une commune : celui de son {kind.upper()} est « {code} »."
        named = listed.loc[listed[f"{kind}_nom"].map(cle, na_action="ignore").eq(cle(read)), kind]
        if len(named):
            return f"C'est un nom : écrire le code, « {named.iloc[0]} »."
    return "Corriger le code ou le type ; un territoire nouveau s'ajoute dans la table « territoires »."


def _territories(own: pd.DataFrame) -> dict[str, tuple[set[str], str]]:
    """For each type but communes, checked when they are brought to today's: the codes, and what they are."""
    listed = cog()
    departements, epci, ept = (set(listed[kind].dropna().unique()) for kind in ("departement", "epci", "ept"))
    departements.update(own["departement"].dropna())
    declared = set(own["epci"].dropna())  # an EPT bears the duty in the place of an EPCI: same column
    return {
        v.TerritoireType.DEPARTEMENT: (departements, "un code de département (01, 2A, 974)"),
        v.TerritoireType.REGION: (set(listed["region"].dropna().unique()), "un code de région (84)"),
        v.TerritoireType.EPCI: (epci | declared, "le SIREN d'un EPCI à fiscalité propre, neuf chiffres"),
        v.TerritoireType.EPT: (ept | declared, "le SIREN d'un EPT de la métropole du Grand Paris"),
    }


def departement_connu(contexte: Contexte) -> Iterator[Anomalie]:
    """The département of the convention exists."""
    if contexte.convention is None or not contexte.known("territoires", "commune"):
        return
    code, source = contexte.convention.bailleur.departement, contexte.source_convention
    codes, attendu = _territories(contexte.tables["territoires"])[v.TerritoireType.DEPARTEMENT]
    if code and code not in codes:
        yield anomaly_at(
            source,
            code="convention.bailleur.departement.inconnu",
            colonne="bailleur.departement",
            valeur=code,
            message="Ce département n'existe pas",
            attendu=attendu,
            correction="Corriger le code.",
        )


def etat_une_fois(contexte: Contexte) -> Iterator[Anomalie]:
    """The State's priority households, and its agents: one réservataire each."""
    frame = contexte.tables["reservataires"]
    state = frame["categorie"].isin([v.Categorie.ETAT_PRIORITAIRES, v.Categorie.ETAT_AGENTS])
    first = frame.drop_duplicates("categorie").set_index("categorie")["id_reservataire"]
    yield from at_lines(
        contexte.defect(
            "reservataires",
            "categorie",
            "etat_en_double",
            "L'État a déjà un réservataire de cette catégorie",
            attendu="une ligne etat_prioritaires et une ligne etat_agents au plus",
        ),
        frame,
        state & frame["categorie"].duplicated(),
        frame["categorie"],
        lambda read: f"Donner ses droits à « {first[read]} », qui l'est déjà, et supprimer cette ligne.",
    )


def liberations_connues(contexte: Contexte) -> Iterator[Anomalie]:
    """Something tells how many dwellings fall vacant."""
    if contexte.convention is None or not contexte.tables["mouvements"].empty:
        return
    if not contexte.known("mouvements", "annee"):
        return
    hypotheses = contexte.convention.hypotheses
    if hypotheses.taux_rotation is None and hypotheses.liberations_prevues is None:
        source = contexte.source_convention
        yield anomaly_at(
            source,
            code="convention.hypotheses.rotation_absente",
            colonne="hypotheses.taux_rotation",
            message="Rien ne dit combien de logements se libèrent dans l'année",
            attendu="une table « mouvements », ou taux_rotation, ou liberations_prevues",
            correction="Ajouter l'un des trois : par exemple taux_rotation = 0.073 dans [hypotheses].",
        )


def objectifs_portes(contexte: Contexte) -> Iterator[Anomalie]:
    """An objective is borne by a territory or by a réservataire."""
    frame = contexte.tables["objectifs"]
    yield from at_lines(
        contexte.defect(
            "objectifs",
            None,
            "sans_porteur",
            "L'objectif ne dit pas qui le porte",
            attendu="territoire_code ou id_reservataire",
            correction="Compléter l'une des deux colonnes.",
        ),
        frame,
        frame["territoire_code"].isna() & frame["id_reservataire"].isna(),
        frame["objectif"],
    )


Controle = Callable[[Contexte], Iterable[Anomalie]]
CONTROLES: tuple[Controle, ...] = (
    tables_requises,
    departement_connu,
    etat_une_fois,
    territoires_connus,
    reservataires_connus,
    logements_connus,
    support_du_droit,
    programmes_connus,
    dates_du_droit,
    mode_du_droit,
    objectifs_portes,
    liberations_connues,
    logements_du_departement,
    liberations_possibles,
    mouvements_passes,
    soldes_de_l_an_dernier,
    soldes_possibles,
    *CROISEMENTS,
)
