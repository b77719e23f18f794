"""One dossier, from its path to its folder of results: what a worker does, and all it needs to know."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from flux.allocation import Plan, allocate
from flux.annexe import draft_annexe
from flux.annexe.fichiers import render
from flux.conversion import Quotas, convert
from flux.conversion.enveloppe import library_version
from flux.conversion.images import named
from flux.dossier import Dossier, read_dossier
from flux.lot.disque import FINAL, Fait, Statut, deliver, read_fait, workshop, write_tables
from flux.lot.mesures import Chronometre
from flux.lot.taches import Etape, Tache
from flux.noyau.errors import DataError, FluxError
from flux.simulation.bascule import Bascule, Options
from flux.simulation.politiques import Orientation
from flux.simulation.simulation import switch
from flux.simulation.vecu import Mutations

_ALONE = threading.Lock()  # the solver is the process's: threads take turns, processors are for processes
DEFAUTS, ERREUR = "defauts", "erreur.txt"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def in_a_worker(tache: Tache) -> Fait:
    """`treat` on one thread: the other processors are for the other workers."""
    for variable in THREADS:
        os.environ.setdefault(variable, "1")
    return treat(tache)


def treat(tache: Tache) -> Fait:
    """Do one dossier, unless it was done from the same files with the same options; never raises its errors.

    Returns
    -------
    What its `fait.json` says.
    """
    empreinte, folder = tache.empreinte(), tache.dossier_sortie
    done = read_fait(folder)
    if tache.reprendre and done and done.empreinte == empreinte and done.statut in FINAL:
        return done
    with _ALONE, workshop(tache.sortie, tache.nom) as made:
        chrono = Chronometre()
        fait = _done(tache, empreinte, made, chrono)
        return deliver(made, folder, fait, chrono.to_dict())


def lose(tache: Tache, message: str) -> Fait:
    """Say on disk that a dossier killed the processes that did it."""
    with workshop(tache.sortie, tache.nom) as made:
        fait = _fait(tache, tache.empreinte(), {"statut": Statut.PERDU, "code": "lot.perdu",
                                                "message": message})
        return deliver(made, tache.dossier_sortie, fait, Chronometre().to_dict())


def _done(tache: Tache, empreinte: str, made: Path, chrono: Chronometre) -> Fait:
    said: dict[str, object] = {"statut": Statut.FAIT}
    try:
        for etape, facts in _stages(tache, made):
            said |= facts
            chrono.stage(etape)
    except FluxError as error:
        said |= {"statut": Statut.DEFAUTS, "code": error.code, "message": _first_line(error)}
        if isinstance(error, DataError):
            write_tables(made, {DEFAUTS: error.table})
    except Exception as error:  # ours: kept whole, and the other dossiers go on
        said |= {"statut": Statut.ECHEC, "code": "lot.echec",
                 "message": f"Erreur interne de flux ({type(error).__name__}) : voir {ERREUR}."}
        (made / ERREUR).write_text(traceback.format_exc(), encoding="utf-8")
    chrono.stage("fin")
    return _fait(tache, empreinte, said)


def _fait(tache: Tache, empreinte: str, said: Mapping[str, object]) -> Fait:
    always = {"nom": tache.nom, "empreinte": empreinte, "graine": tache.graine,
              "options": tache.options.to_dict(), "version": library_version()}
    return Fait(**{**always, **said})  # type: ignore[arg-type]


def _first_line(error: FluxError) -> str:
    if isinstance(error, DataError):
        nb = len(error.anomalies)
        return f"{nb} défaut{'s' if nb > 1 else ''} : {str(error.anomalies[0]).splitlines()[0]}"
    return str(error)


def _stages(tache: Tache, made: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Each stage as it is done, its tables written, and what is then known of the dossier."""
    options = tache.options
    dossier = read_dossier(tache.chemin)
    convention = dossier.convention
    write_tables(made, {"territoires": _places(dossier)})
    yield "lecture", {"bailleur": convention.bailleur.nom, "departement": convention.bailleur.departement,
                      "annee": convention.annee}
    quotas = convert(dossier, regles=options.regles)
    write_tables(made, _converted(quotas))
    yield Etape.CONVERT, {"etape": Etape.CONVERT, "logements": round(quotas.exact["base"]),
                          "flux": int(quotas.exact["flux_a_partager"]), "loi": quotas.regles.date.isoformat()}
    if Etape.ALLOCATE not in options.etapes:
        return
    plan = allocate(quotas, couts=options.couts)
    write_tables(made, {"orientations": plan.table, "objectifs": plan.objectifs, "conflits": plan.conflits})
    yield Etape.ALLOCATE, {"etape": Etape.ALLOCATE}
    if Etape.ANNEXE in options.etapes:
        annexe = draft_annexe(plan)
        for suffix in options.formats:
            (made / f"annexe_{convention.annee}.{suffix}").write_bytes(render(annexe, f".{suffix}"))
        yield Etape.ANNEXE, {"etape": Etape.ANNEXE}
    if Etape.SIMULATE in options.etapes:
        bascule = _lived(plan, tache)
        write_tables(made, {"gains": bascule.table, "gains_objectifs": bascule.objectifs,
                            "mutations": _taken(bascule),
                            "tirages": runs_by_place(bascule, dossier)})
        yield Etape.SIMULATE, {"etape": Etape.SIMULATE}


def _places(dossier: Dossier) -> pd.DataFrame:
    """The communes of the dossier and what each is part of; the convention's département where unknown."""
    places = dossier.communes[["commune", "nom", "departement", "region", "epci", "epci_nom", "ept"]]
    return places.assign(departement=places["departement"].fillna(dossier.convention.bailleur.departement))


def _converted(quotas: Quotas) -> dict[str, pd.DataFrame]:
    names = ("communes", "droits", "plafonds", "assiette", "flux", "soustractions", "livraisons", "soldes")
    return {"quotas": named(quotas), **{name: getattr(quotas, name) for name in names}}


def _lived(plan: Plan, tache: Tache) -> Bascule:
    """What `flux.simulate` gives of the dossier with its own seed, from the plan already made."""
    assert tache.graine is not None
    options = Options(seed=tache.graine, orientation=Orientation.SUITE, incertitude=True,
                      mutations_en_stock=Mutations.AUX_TITULAIRES)
    return switch([plan.quotas], plan, options, runs=tache.options.runs,
                  avancement=lambda step, done, total: None)


def _taken(bascule: Bascule) -> pd.DataFrame:
    """Dwellings a year that mutations take from each holder in each commune, on average."""
    axes = bascule.axes
    mean = bascule.vies.retires.mean(axis=0) / len(axes.annees)
    return pd.DataFrame({"id_reservataire": [axes.porteurs[p] for p in axes.porteur],
                         "commune": [axes.communes[c] for c in axes.commune], "retires": mean})


def runs_by_place(bascule: Bascule, dossier: Dossier) -> pd.DataFrame:
    """Flow minus stock in each run, dwellings a year, by EPCI and category of holder.

    Dossiers are independent (each draws from its own seed), so that the runs of several, added one by one,
    are as many runs of all of them together: chances of a sum are counted, not approximated.

    Returns
    -------
    A row a run; columns named by EPCI and category ("247200132 commune"; "- commune" without EPCI).
    """
    axes, vies = bascule.axes, bascule.vies
    epci = _places(dossier).set_index("commune")["epci"].fillna("-")
    categories = bascule.quotas.table.set_index("id_reservataire")["categorie"]
    keys = [f"{epci.get(axes.communes[c], '-')} {categories[axes.porteurs[p]]}"
            for c, p in zip(axes.commune, axes.porteur, strict=True)]
    gaps = (vies.flux.cellules - vies.stock.cellules) / len(axes.annees)
    names = np.array(keys)
    return pd.DataFrame({key: gaps[:, names == key].sum(axis=1) for key in sorted(set(keys))})
