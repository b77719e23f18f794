# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Vos données : d'une déclaration RPLS et d'un registre à un dossier
#
# *Vous êtes analyste chez un petit bailleur. Vous avez la déclaration RPLS, un registre des réservations tenu à la main, un
# extrait du SNE. Rien d'autre. Jusqu'où peut-on aller ?*

# %%
import shutil

import flux

sources = "../data/samples/fichiers-source"
parc = flux.read_rpls(f"{sources}/rpls_2026.csv", annee=2026)
parc

# %% [markdown]
# La disposition est reconnue seule (cinq le sont), les codes sont lus, et chaque réparation est dite.
#
# ## L'extrait du SNE : des décomptes, jamais des personnes

# %%
baux = flux.read_sne_radiations(f"{sources}/radiations_sne.csv")
baux

# %% [markdown]
# ## Les trois fichiers font un dossier
#
# À vous de dire à qui correspond chaque type de réservataire, tel que le SNE l'écrit.

# %%
construction = flux.build_dossier(
    "mon-dossier",
    rpls=parc,
    registre=f"{sources}/registre.xlsx",
    sne=baux,
    types_sne={
        "Organisme de logement social": "bailleur",
        "Préfet, ménages prioritaires": "etat_prioritaires",
        "Préfet, agents de l'État": "etat_agents",
        "Action Logement": "action_logement",
        "EPCI": "epci",
    },
    convention={"bailleur": {"departement": "00"}},
    annee=2026,
)
construction

# %% [markdown]
# Ce qui manque est dit, avec ce que cela coûte, et ce que le registre et le RPLS disent l'un de l'autre. Ici les communes sont fictives : il faut une table des territoires (avec de vrais
# codes, la liste officielle suffit). Et la prévision des mutations, que seul le bailleur connaît.

# %%
for table in ("territoires", "soustractions"):
    shutil.copy(f"{sources}/{table}.csv", "mon-dossier")
dossier = flux.read_dossier("mon-dossier")
dossier

# %% [markdown]
# ## Premier résultat

# %%
quotas = flux.convert(dossier)
quotas

# %%
quotas.plot()

# %% [markdown]
# ## Et l'annexe

# %%
annexe = flux.draft_annexe(flux.allocate(quotas))
[annexe.save(f"annexe_2026.{suffixe}").name for suffixe in ("docx", "xlsx")]

# %% [markdown]
# **En une phrase.**

# %%
print(f"Trois fichiers, {len(dossier.logements)} logements, {len(quotas.table) - 1} réservataires : "
      f"{int(quotas.exact['flux_a_partager'])} logements à partager en 2026, et la liste de ce qu'il faudrait pour mieux faire.")
