"""A plan made by hand, with the columns of the contract, to lay out annexes of any size."""

from datetime import date
from fractions import Fraction
from types import SimpleNamespace

import pandas as pd
import pytest

from flux.dossier.convention import SECTIONS, Convention
from flux.loi import regles
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source

HOSTILE = "Habitat & Cie <SA> =1+1"
WIDE = [
    ("etat_p", "Préfet, publics prioritaires", "etat_prioritaires", Fraction(1, 4)),
    ("etat_a", "Préfet, agents civils et militaires", "etat_agents", Fraction(1, 20)),
    ("als", "Action Logement Services", "action_logement", Fraction(7, 20)),
    ("cd", "Conseil départemental", "departement", Fraction(1, 50)),
]


def _rights(holders, codes):
    """One right of 75 dwellings a holder and commune."""
    rows = [
        (r, c, r.startswith("ville")) for r, _, k, t in holders for c in codes if k != "commune" or t == c
    ]
    return pd.DataFrame(rows, columns=["id_reservataire", "commune", "garantie"]).assign(
        id_logement=None,
        programme="P1",
        nb=75,
        qpv=False,
        typologie="T2",
        financement="PLUS",
        type_droit="suite",
        contrepartie="autre",
        mode="flux",
        gestion="directe",
        part=None,
        ordre=None,
        convention_ref=HOSTILE,
        date_debut=pd.NaT,
        date_fin=pd.NaT,
        date_remboursement=pd.NaT,
        fin_effective=pd.NaT,
        motif_fin="sans_terme",
        dans_assiette=True,
        situation="compte",
        precision=None,
        nb_compte=75.0,
        nb_unique=0.0,
        ligne=2,
    )


def _plan(nb_communes=14, bailleur=HOSTILE, flow=40):
    """`nb_communes` communes of `flow` dwellings a year each, one of them in QPV."""
    codes = [f"ZZ{i:03d}" for i in range(1, nb_communes + 1)]
    names = [f"Saint-Exemple-sur-Mire n° {i}" for i in range(1, nb_communes + 1)]
    convention = Convention.from_sections(
        {
            "bailleur": SECTIONS["bailleur"](nom=bailleur, siren="123456789", departement="ZZ"),
            "convention": SECTIONS["convention"](annee=2026),
            "hypotheses": SECTIONS["hypotheses"](),
            "choix": SECTIONS["choix"](methode="rotation"),
            "stipulations": SECTIONS["stipulations"](part_etat="legale"),
        },
        {"etat": "Le préfet"},
    )
    holders = [(r, n, k, "ZZ") for r, n, k, _ in WIDE] + [
        (f"ville{c}", f"Commune de {n}", "commune", c) for c, n in zip(codes, names, strict=True)
    ]
    dossier = SimpleNamespace(
        nom="essai",
        convention=convention,
        reservataires=pd.DataFrame(
            holders, columns=["id_reservataire", "nom", "categorie", "territoire_code"]
        ).assign(
            territoire_type=["commune" if k == "commune" else "departement" for _, _, k, _ in holders],
            gestion="directe",
        ),
        communes=pd.DataFrame(
            {
                "commune": codes,
                "nom": names,
                "epci": "200000001",
                "epci_nom": "Communauté du Val-de-Mire",
                "departement": "ZZ",
                "ept": None,
                "obligation_25": True,
            }
        ),
        logements=pd.DataFrame(
            [
                (f"L{i}", c, q, t, "PLUS", 1960 + 40 * (i % 2), 60.0, True, 2000, 4, f"R{i}", None, 0)
                for i, (c, q, t) in enumerate(
                    (c, q, t) for c in codes for q in (False, True) for t in ("T2", "T3")
                )
            ],
            columns=[
                *(
                    "id_logement",
                    "commune",
                    "qpv",
                    "typologie",
                    "financement",
                    "annee_construction",
                    "surface",
                ),
                *("conventionne", "annee_mise_location", "contingent", "id_rpls", "adresse", "fragilite"),
            ],
        ),
        reservations=pd.DataFrame({"part": [None], "ordre": [None]}),
        livraisons=pd.DataFrame(
            [("Les Jardins", codes[0], pd.Timestamp(2026, 6, 1), False, "T2", "PLUS", 4)],
            columns=["programme", "commune", "date_mise_service", "qpv", "typologie", "financement", "nb"],
        ),
        sources=(Source(fichier="logements.csv", nb_lignes=12_345, sha256="0123456789abcdef" * 4),),
        reparations=(
            Anomalie(
                code="x",
                message="zéro initial rendu au code",
                gravite=Gravite.INFORMATION,
                fichier="a.csv",
                colonne="commune",
                ligne=3,
            ),
        ),
    )
    rows = []
    for c in codes:
        cells = [(r, share * flow, share * flow) for r, _, _, share in WIDE]
        cells.append((f"ville{c}", Fraction(3, 20) * flow, Fraction(3, 20) * flow))
        nb = {r: round(v) for r, v, _ in cells}
        nb["bailleur"] = flow - sum(nb.values())
        exact = {**{r: v for r, v, _ in cells}, "bailleur": flow - sum(v for _, v, _ in cells)}
        for r, n in nb.items():
            rows.append(
                (
                    c,
                    r,
                    float(exact[r]),
                    n,
                    n // 4,
                    n - n // 4,
                    n if r.startswith("ville") else 0,
                    float(exact[r] - n),
                )
            )
    communes = pd.DataFrame(
        rows,
        columns=[
            "commune",
            "id_reservataire",
            "exact",
            "nb",
            "nb_qpv",
            "nb_hors_qpv",
            "nb_garantie",
            "solde",
        ],
    )
    total = communes.groupby("id_reservataire")[["exact", "nb"]].sum()
    base = 500 * nb_communes
    F = flow * nb_communes
    table = pd.DataFrame(
        [
            (
                r,
                k,
                t,
                float(total.exact[r]) * base / F,
                1.0 if r == "als" else 0.0,
                0.2,
                float(total.exact[r] / F),
                float(total.exact[r] / base),
                float(total.exact[r]),
                0.0,
                float(total.exact[r]),
                int(total.nb[r]),
                pd.NA if k != "etat_agents" else F // 20,
                "arrondi" if k == "etat_agents" else "non",
            )
            for r, _, k, t in [*holders, ("bailleur", "", "bailleur", "ZZ")]
        ],
        columns=[
            "id_reservataire",
            "categorie",
            "territoire_code",
            "nb_droits",
            "nb_uniques",
            "part_droits",
            "part_flux",
            "part_patrimoine",
            "du_exact",
            "solde_reporte",
            "quota_exact",
            "quota",
            "plafond",
            "plafond_atteint",
        ],
    ).astype({"plafond": "Int64"})
    dus = pd.DataFrame(
        [
            (r, c, share * 500, 500 if k == "commune" else base, 0.0, float(share), float(flow))
            for c in codes
            for r, k, share in [
                *((r, k, s) for r, _, k, s in WIDE),
                (f"ville{c}", "commune", Fraction(3, 20)),
            ]
        ],
        columns=[
            "id_reservataire",
            "commune",
            "droits_autre",
            "assiette",
            "part_garantie",
            "part_autre",
            "flux",
        ],
    ).assign(droits_garantie=0.0)
    segments = pd.DataFrame(
        [
            (c, q, t, "PLUS", 125, 0.1, 12.5, 2.5, 10.0, 10.0)
            for c in codes
            for q in (False, True)
            for t in ("T2", "T3")
        ],
        columns=[
            "commune",
            "qpv",
            "typologie",
            "financement",
            "nb_logements",
            "taux_rotation",
            "liberations",
            "soustraits",
            "flux_net",
            "flux_a_partager",
        ],
    )
    quotas = SimpleNamespace(
        dossier=dossier,
        regles=regles(date(2026, 1, 1)),
        table=table,
        communes=communes,
        dus=dus,
        soldes=communes.loc[
            communes["id_reservataire"] != "bailleur", ["id_reservataire", "commune", "solde"]
        ],
        plafonds=pd.DataFrame(
            [
                (
                    "etat",
                    "ZZ",
                    0.3,
                    F * 0.3,
                    int(total.nb["etat_p"] + total.nb["etat_a"]),
                    int(F * 0.3),
                    "non",
                    "CCH, art. R. 441-5-2, I",
                    float(F),
                    1,
                )
            ]
            + [("garantie", c, 0.2, 6.0, 6, 8, "non", "CCH, art. R. 441-5-3", float(flow), 1) for c in codes],
            columns=[
                "groupe",
                "territoire_code",
                "part_max",
                "exact",
                "nb",
                "plafond",
                "atteint",
                "article",
                "flux_cumule",
                "nb_cumule",
            ],
        ),
        assiette=pd.DataFrame(
            [
                ("total", base + 20, "logements lus", "CCH, art. R. 441-5, I"),
                ("foyer", 20, "logement-foyer", "CCH, art. R. 353-163"),
                ("assiette", base, "flux", "CCH, art. R. 441-5, I"),
            ],
            columns=["etape", "nb_logements", "motif", "article"],
        ),
        flux=segments,
        soustractions=pd.DataFrame(
            [
                ("mutation", None, pd.NA, "realise", 30.0, None, None, "dossier"),
                ("mutation", None, pd.NA, "previsionnel", 28.0, 28.0, 0.0, "dossier"),
                ("relogement_ru", codes[0], True, "previsionnel", 4.5, 4.0, 0.5, "dossier"),
            ],
            columns=["categorie", "commune", "qpv", "etat", "nb", "impute", "non_imputable", "origine"],
        ),
        livraisons=pd.DataFrame(
            [("Les Jardins", codes[0], pd.Timestamp(2026, 6, 1), "als", 4.0, 4)],
            columns=["programme", "commune", "date_mise_service", "id_reservataire", "exact", "nb"],
        ),
        rotation=pd.DataFrame(
            {
                "groupe": codes,
                "commune": codes,
                "stock_2024": 480,
                "relocations_2024": 45,
                "stock_2025": 500,
                "relocations_2025": 53,
                "nb_stock": 980,
                "nb_relocations": 98,
                "taux": 0.1,
            }
        ),
        droits=pd.DataFrame(
            [
                (r, c, r.startswith("ville"), Fraction(75))
                for r, _, k, t in holders
                for c in codes
                if k != "commune" or t == c
            ],
            columns=["id_reservataire", "commune", "contrepartie_garantie", "nb"],
        ),
        reductions=pd.DataFrame(
            [(c, "etat_p", 12.0, 10.0, "plafond de l'État") for c in codes],
            columns=["territoire_code", "id_reservataire", "avant", "apres", "motif"],
        ),
        etat_des_lieux=_rights(holders, codes),
        echeances=pd.DataFrame(
            [
                (
                    *(
                        "als",
                        None,
                        "P1",
                        codes[0],
                        3,
                        "peec",
                        "contrat",
                        pd.Timestamp(2027, 6, 30),
                        2028,
                        -3.0,
                    ),
                    *("CCH, art. R. 441-5, I, al. 12", 9),
                )
            ],
            columns=[
                *(
                    "id_reservataire",
                    "id_logement",
                    "programme",
                    "commune",
                    "nb",
                    "contrepartie",
                    "cause",
                    "date",
                ),
                *("annee_effet", "effet_droits", "article", "ligne"),
            ],
        ),
        lectures_garantie=pd.DataFrame(
            columns=["lecture", "retenue", "territoire_code", "id_reservataire", "apres"]
        ),
        sur_reservations=pd.DataFrame(),
        ecarts=pd.DataFrame(columns=["groupe", "territoire_code", "id_reservataire"]),
        exceptions_stock=pd.DataFrame(
            columns=[
                *(
                    "id_reservataire",
                    "id_logement",
                    "programme",
                    "commune",
                    "qpv",
                    "typologie",
                    "financement",
                ),
                *(
                    "date_debut",
                    "fin_effective",
                    "situation",
                    "date_sortie",
                    "motif_sortie",
                    "remplacement_du",
                ),
            ]
        ),
        preuve=SimpleNamespace(
            classement=SimpleNamespace(etape=pd.Series(["assiette"] * (4 * nb_communes))), perdus={}
        ),
        explain=lambda ident: SimpleNamespace(figure=SimpleNamespace(notes=(f"Pourquoi {ident}.",))),
        egalites=("Égalité des restes entre als et cd, donnée à als.",),
        hypotheses=("Aucun taux d'échec n'est donné : zéro.",),
        avertissements=(
            "La part de l'État hors QPV est inférieure à 30 %.",
            f"1 logement dû à ville{codes[0]} est perdu (plafond_apprecie = annuel).",
        ),
        exact={
            "base": Fraction(base),
            "flux_net": Fraction(F) + Fraction(1, 3),
            "flux_a_partager": Fraction(F),
            "report_flux": Fraction(1, 3),
            "echelle": Fraction(F) / (Fraction(F) + Fraction(1, 3)),
        },
    )
    publics = {"etat_a": ["agent"], "etat_p": ["dalo", "prioritaire"]}
    plan_rows = [
        (c, q, t, "PLUS", r, p, s, 0.5, 1)
        for c in codes
        for q in (False, True)
        for t in ("T2", "T3")
        for r in [*(w[0] for w in WIDE), f"ville{c}", "bailleur"]
        for p in publics.get(r, ["prioritaire", "autre"])
        for s in ("q1", "q234")
    ]
    return SimpleNamespace(
        quotas=quotas,
        dossier=dossier,
        table=pd.DataFrame(
            plan_rows,
            columns=[
                "commune",
                "qpv",
                "typologie",
                "financement",
                "id_reservataire",
                "priorite",
                "quartile",
                "nb_exact",
                "nb",
            ],
        ),
        objectifs=pd.DataFrame(
            [
                (
                    "q1_hors_qpv",
                    "bailleur",
                    "200000001",
                    "loi",
                    "CCH, art. L. 441-1, al. 24",
                    400.0,
                    100.0,
                    97.0,
                    3.0,
                    3,
                    1.0,
                ),
                (
                    "dalo_prioritaires",
                    "als",
                    "ZZ",
                    "loi",
                    "CCH, art. L. 313-26-2",
                    56.0,
                    14.0,
                    20.0,
                    0.0,
                    0,
                    0.0,
                ),
            ],
            columns=[
                "objectif",
                "porteur",
                "territoire_code",
                "niveau",
                "article",
                "base",
                "seuil",
                "atteint",
                "manque",
                "manque_entier",
                "cout_marginal",
            ],
        ),
        conflits=pd.DataFrame({"liste_complete": pd.array([], dtype="boolean")}),
        phrases=(),
        hypotheses=("Le public d'une orientation suit la demande.",),
    )


@pytest.fixture(scope="session")
def plan():
    return _plan()


@pytest.fixture(scope="session")
def make_plan():
    """The maker itself, for other sizes and names."""
    return _plan


@pytest.fixture(scope="session")
def annexe(plan):
    from flux.annexe import draft_annexe

    return draft_annexe(plan)


@pytest.fixture(scope="session")
def make_document():
    """A document of what a writer reads, with the sections that a test is about."""
    from flux.annexe.identite import identite

    class Document(SimpleNamespace):
        pass

    identite.register(Document, lambda _: {})

    def make(*sections, titre="Annexe 2026 à la convention", bailleur=HOSTILE):
        numbered = tuple(s.numbered(i) for i, s in enumerate(sections, start=1))
        return Document(
            titre=titre, bailleur=bailleur, date=date(2026, 1, 1), version="1.2.3", sections=numbered
        )

    return make


@pytest.fixture(scope="session")
def make_table():
    """A table of texts, its columns named by their headings; the last one of counts."""
    from flux.rendu.tableau import Colonne, Tableau

    def make(rows, *headings, cle="t", **rest):
        names = [f"c{i}" for i in range(len(headings))]
        keys = ["valeur"] * (len(headings) - 1) + ["nb"]
        columns = [Colonne(n, k, h) for n, k, h in zip(names, keys, headings, strict=True)]
        frame = pd.DataFrame(rows, columns=names)
        return Tableau(**{"cle": cle, "titre": "Un tableau", "frame": frame, "colonnes": columns, **rest})

    return make
