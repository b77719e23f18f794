"""B4: each account of the year: what was due, what was given and counted, what is carried over.

No text settles which event uses a quota up, nor what becomes of a dwelling that nobody took: the convention
does (`evenement_decompte`, `compte_*`).
"""

from __future__ import annotations

import pandas as pd

from flux.annexe.section import Section
from flux.bilan.faits import Faits
from flux.bilan.journal import APART, EN_FLUX, Journal
from flux.conversion import Quotas
from flux.conversion.cellules import BAILLEUR
from flux.dossier import Dossier
from flux.dossier.vocabulaire import Issue
from flux.rendu import glossaire, nombres
from flux.rendu.vue import Colonne, Tableau

TEXTE = "CCH, art. R. 441-5, I ; choix de la convention"
ISSUES = tuple(str(i) for i in Issue if i is not Issue.AUCUNE)
#: Stages that may stand for another: what the convention counts, else the next that the data knows.
ETAPES = ("orientation", "proposition", "attribution", "bail")
PLURIELS = {
    "orientation": "orientations",
    "proposition": "propositions",
    "attribution": "attributions",
    "bail": "baux",
}


def counted_stage(journal: Journal, evenement: str) -> str | None:
    """The stage counted: that of the convention, else the nearest later one that was given."""
    later = ETAPES[ETAPES.index(evenement) :]
    return next((etape for etape in later if journal.knows(etape)), None)


def how_counted(faits: Faits) -> str:
    """What is counted, and what it stands for: "orientations", "baux, faute d'orientations"."""
    wanted = str(faits.dossier.convention.choix.evenement_decompte)
    event = counted_stage(faits.journal, wanted)
    if event is None:
        return ""
    return PLURIELS[event] if event == wanted else f"{PLURIELS[event]}, faute d'{PLURIELS[wanted]}"


def realised(dossier: Dossier, journal: Journal) -> pd.DataFrame:
    """What each account received and what is counted, by commune.

    Returns
    -------
    `porteur, commune`, then dwellings: `nb_orientes` (absent when neither orientation nor proposition was
    given), one column an issue, `non_comptes` (failures that the convention does not count), `nb_attribues`,
    `nb_baux`, `compte`, `premieres_locations` (apart from the flow).
    """
    choix = dossier.convention.choix
    rows = journal.lignes
    rows = rows.loc[rows["nature"].isin(EN_FLUX) & ~rows["porteur"].isin(list(APART)) & ~rows["en_stock"]]
    first = rows["nature"].eq("premiere_location") & (choix.premieres_locations == "a_part")
    inside, keys = rows.loc[~first], ["porteur", "commune"]

    def summed(part: pd.DataFrame) -> pd.Series:
        return part.groupby(keys)["nb"].sum()

    def stage(etape: str | None) -> pd.Series | None:
        mine = inside.loc[inside["etape"] == etape]
        # events that name no account say nothing of any: not even that it received none
        lost = etape is None or (mine.empty and len(journal.orphans(etape)))
        return summed(mine) if etape and journal.knows(etape) and not lost else None

    failed = _failures(inside)
    forgiven = [
        issue
        for issue, counts in (
            (Issue.SANS_CANDIDAT, choix.compte_sans_candidat),
            (Issue.REFUS_CANDIDAT, choix.compte_refus_candidat),
            (Issue.REFUS_CALEOL, choix.compte_refus_caleol),
        )
        if not counts
    ]
    event = counted_stage(journal, str(choix.evenement_decompte))
    excused = _excused(failed.loc[failed["issue"].isin(forgiven)], inside, event)
    columns = {
        "nb_orientes": stage("orientation" if journal.knows("orientation") else "proposition"),
        # where no failure is written at all, nothing says that there was none
        **{i: summed(failed.loc[failed["issue"] == i]) if len(failed) else None for i in ISSUES},
        "non_comptes": summed(excused),
        "nb_attribues": stage("attribution"),
        "nb_baux": stage("bail"),
        "evenements": stage(event),
        "premieres_locations": summed(rows.loc[first & (rows["etape"] == "bail")]),
    }
    known = {nom: values for nom, values in columns.items() if values is not None}
    table = pd.DataFrame(known, index=summed(rows).index).fillna(0)
    table = table.reindex(columns=list(columns)).astype("Int64")
    table["compte"] = table.pop("evenements") - table["non_comptes"]
    if failed.empty:
        table["non_comptes"] = pd.array([pd.NA] * len(table), dtype="Int64")
    return table.reset_index()


def _failures(rows: pd.DataFrame) -> pd.DataFrame:
    """Events that failed. One failure may be written at several stages: for one named dwelling and account
    it is taken once a dwelling, at its first stage.
    """
    failed = rows.loc[rows["issue"].isin(ISSUES) & (rows["etape"] != "bail")]
    rank = failed["etape"].map({etape: n for n, etape in enumerate(ETAPES)})
    failed = failed.assign(rang=rank).sort_values("rang", kind="stable")
    again = failed["id_logement"].notna() & failed.duplicated(["id_logement", "porteur", "issue"])
    return failed.loc[~again]


def _excused(failed: pd.DataFrame, rows: pd.DataFrame, event: str | None) -> pd.DataFrame:
    """The failures to take off what is counted: a dwelling that the account leased in the end stays once.

    Oriented anew after a failure, it is two events, of which one is excused; oriented once, a later candidate
    signed the lease and none is. An attribution or a lease that was given has no failure to excuse.
    """
    if event not in ("orientation", "proposition"):
        return failed.head(0)
    keys = ["id_logement", "porteur"]
    stages = rows.groupby([*keys, "etape"])["nb"].sum().unstack(fill_value=0)
    stages = stages.reindex(columns=[event, "bail"], fill_value=0)
    spare = (stages[event] - stages["bail"]).rename("marge")
    room = failed[keys].join(spare, on=keys)["marge"]
    before = failed.groupby(keys)["nb"].cumsum() - failed["nb"]
    return failed.loc[failed["id_logement"].isna() | (before < room)]


def accounts(dossier: Dossier, journal: Journal, quotas: Quotas | None) -> pd.DataFrame:
    """One row a holder: opening balance, due, lost to ceilings, quota, counted, what is left, closing."""
    done = realised(dossier, journal).drop(columns="commune").groupby("porteur").sum(min_count=1)
    if quotas is None:
        return done.reset_index()
    table = quotas.table.set_index("id_reservataire")
    lost = pd.Series([float(quotas.preuve.perdus.get(str(i), 0)) for i in table.index], index=table.index)
    own = table.index == BAILLEUR
    given = declared_quotas(dossier)
    out = pd.DataFrame(
        {
            "solde_ouverture": table["solde_reporte"].mask(own),
            "du_exact": table["du_exact"].where(~own, table["quota_exact"]),
            "perdu": lost.mask(own),
            "quota": given.reindex(table.index).fillna(table["quota"]).astype("Int64"),
        }
    ).join(done, how="outer")
    given_any = done["compte"].notna().any()
    counted = [c for c in done.columns if done[c].notna().any()]
    out[counted] = out[counted].fillna(0)
    out["reste"] = out["quota"] - out["compte"] if given_any else pd.NA
    closing = out["solde_ouverture"] + out["du_exact"] - out["perdu"] - out["compte"]
    out["solde_cloture"] = closing.round(9) + 0.0  # what floats leave of a balance of zero is no debt
    return out.rename_axis("porteur").reset_index()


def declared_quotas(dossier: Dossier) -> pd.Series:
    """The quotas that the parties' own accounts show: what `nb_cumule` of the year adds to the year before.

    A holder is in it when its account opened in the year, or when both years are in `soldes`.
    """
    annee, soldes = dossier.convention.annee, dossier.soldes.dropna(subset=["nb_cumule"])
    now = soldes.loc[soldes["annee"] == annee].groupby("id_reservataire")
    before = soldes.loc[soldes["annee"] == annee - 1].groupby("id_reservataire")["nb_cumule"].sum()
    opened = now["annee_ouverture"].min() == annee
    since = before.reindex(opened.index).mask(opened.fillna(False).astype(bool), 0)
    return (now["nb_cumule"].sum() - since).dropna()


def closing_balances(faits: Faits) -> pd.DataFrame:
    """The rows of next year's `soldes`, what was counted put in the place of the quotas.

    Same columns as `quotas.soldes`; empty when the quotas or the counts are unknown.
    """
    quotas = faits.quotas
    done = realised(faits.dossier, faits.journal)
    if quotas is None or done.empty or done["compte"].isna().any():
        return pd.DataFrame(columns=[] if quotas is None else quotas.soldes.columns)
    return _settled(quotas, done)


def _settled(quotas: Quotas, done: pd.DataFrame) -> pd.DataFrame:
    pooled = {(r, c) for r, c in quotas.preuve.comptes}
    served = quotas.communes.groupby(["id_reservataire", "commune"])["nb"].sum()
    counted = done.set_index(["porteur", "commune"])["compte"]
    counted.index.names = served.index.names
    gap = served.sub(counted, fill_value=0).rename("ecart").reset_index()
    gap = gap.loc[gap["id_reservataire"] != BAILLEUR]
    in_pool = [(r, c) in pooled for r, c in zip(gap["id_reservataire"], gap["commune"], strict=True)]
    gap["commune"] = gap["commune"].mask(pd.Series(in_pool, index=gap.index))
    keys = ["id_reservataire", "commune"]
    moved = gap.groupby(keys, dropna=False)["ecart"].sum().reset_index()
    table = quotas.soldes.merge(moved, on=keys, how="outer")
    table["solde"] = table["solde"].fillna(0.0) + table.pop("ecart").fillna(0).astype(float)
    table["annee"] = table["annee"].fillna(quotas.dossier.convention.annee).astype("Int64")
    return table.sort_values(keys, na_position="last").reset_index(drop=True)


def decompte(faits: Faits) -> Section:
    """The account of each holder, and what became of what was given to it."""
    convention, annee = faits.dossier.convention, faits.annee
    choix = convention.choix
    table = faits.sorted(faits.mine(faits.comptes), "porteur")
    table["id_reservataire"] = [faits.name(p) for p in table["porteur"]]
    wanted = str(choix.evenement_decompte)
    event = counted_stage(faits.journal, wanted)
    how = f"Compté ({PLURIELS[event]})" if event else "Compté"
    tables = []
    if faits.quotas is not None:
        sums = ["solde_ouverture", "du_exact", "perdu", "quota", "compte", "reste", "solde_cloture"]
        tables.append(
            Tableau(
                cle="decompte.comptes",
                titre=f"Quota de {annee} et réalisé",
                frame=table,
                colonnes=[
                    "id_reservataire",
                    *(
                        Colonne(c, "quota" if c == "quota" else f"bilan.{c}", how if c == "compte" else "")
                        for c in sums
                    ),
                ],
                total={c: table[c].sum() for c in sums if table[c].notna().any()},
                article=TEXTE,
                note="Solde de clôture = solde d'ouverture + dû − perdu − compté. Positif, il est dû au "
                "réservataire. Le bailleur n'a pas de compte.",
            )
        )
    given = ["nb_orientes", *ISSUES, "non_comptes", "nb_attribues", "nb_baux", "premieres_locations"]
    tables.append(
        Tableau(
            cle="decompte.suites",
            titre=f"Ce que sont devenus les logements du flux de {annee}",
            frame=table,
            colonnes=["id_reservataire", *(Colonne(c, f"bilan.{c}") for c in given)],
            total={c: table[c].sum() for c in given if table[c].notna().any()},
            article="CCH, art. R. 441-5-1",
            note="Relocations"
            + (" ; les premières locations, à part, ne consomment pas le quota." if _apart(faits) else "."),
        )
    )
    return Section(
        cle="decompte",
        titre="Quotas et réalisé",
        paragraphes=(
            "La convention compte un quota à l'étape : "
            f"{glossaire.format('choix.evenement_decompte', wanted)} "
            + " ".join(
                f"{glossaire.libelle(f'choix.{c}')} : {glossaire.format(f'choix.{c}', getattr(choix, c))}"
                for c in ("compte_sans_candidat", "compte_refus_candidat", "compte_refus_caleol")
            ),
        ),
        puces=_said(faits, table, wanted, event),
        tableaux=tuple(t for t in tables if len(t.frame)),
    )


def _apart(faits: Faits) -> bool:
    return bool(faits.dossier.convention.choix.premieres_locations == "a_part")


def _said(faits: Faits, table: pd.DataFrame, wanted: str, event: str | None) -> tuple[str, ...]:
    """What the accounts rest on, and what the data does not let them say."""
    annee, dossier, journal = faits.annee, faits.dossier, faits.journal
    said = []
    if faits.quotas is None:
        said.append(f"Dû et quota de {annee} : non calculables. {faits.refus[0]}")
    else:
        given = declared_quotas(dossier)
        where = "lus dans les comptes (nb_cumule de « soldes »)" if len(given) else "recalculés"
        said.append(
            f"Quotas de {annee} {where}, au 1er janvier {annee}, avec le registre et le droit de ce jour, "
            "les choix et les stipulations de la convention lue."
        )
        differ = table.loc[table["porteur"].isin(given.index), ["porteur", "quota"]]
        computed = faits.quotas.table.set_index("id_reservataire")["quota"]
        said += [
            f"{faits.name(p)} : quota de {nombres.entier(q)} dans les comptes, "
            f"{nombres.entier(computed[p])} recalculé."
            for p, q in zip(differ["porteur"], differ["quota"], strict=True)
            if p in computed.index and q != computed[p]
        ]
        if not (dossier.soldes["annee"] == annee - 1).any():
            said.append(
                f"Soldes d'ouverture : zéro, faute de lignes annee = {annee - 1} dans « soldes ». À fournir "
                f": ces lignes, si des soldes ont été convenus à la fin de {annee - 1}."
            )
    if event is None:
        said.append(
            f"Compté : non calculable, aucun mouvement de {annee}. À fournir : la table « mouvements »."
        )
    elif event != wanted:
        under = (
            " Ce qui n'a pas abouti n'y est pas : le compté est un minimum, le solde de clôture un maximum."
            if event in ("attribution", "bail")
            else ""
        )
        said.append(
            f"Aucune ligne etape = {wanted} en {annee} dans « mouvements » : les {PLURIELS[event]} en "
            f"tiennent lieu.{under}"
        )
    if not journal.lignes["issue"].isin(ISSUES).any():
        said.append(
            "Échecs (sans candidat, refus, remises) : aucun n'est écrit. À fournir, s'il y en eut : issue "
            "sur la ligne d'orientation ou de proposition."
        )
    if event and (nb := int(journal.orphans(event)["nb"].sum())):
        then = "le compté est un minimum" if table["compte"].notna().any() else "compté non calculable"
        said.append(
            f"{nombres.entier(nb)} {PLURIELS[event]} sans réservataire, au compte de personne : {then}. À "
            "fournir : id_reservataire dans « mouvements »."
        )
    if nb := int(journal.lignes.loc[journal.lignes["en_stock"], "nb"].sum()):
        said.append(
            f"{nombres.combien(nb, 'mouvement')} sur des logements restés en stock (défense, sécurité, "
            "santé) : hors du décompte."
        )
    return tuple(said)
