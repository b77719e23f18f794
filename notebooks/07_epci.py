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
# # Tout un EPCI : plusieurs bailleurs, une convention multipartite
#
# *Vous êtes à l'association régionale des organismes Hlm. Trois bailleurs ont du patrimoine dans la même agglomération.
# Plutôt que trois négociations bilatérales, chacun voudrait une seule table : combien de logements, chez qui, pour qui ?*
#
# Les trois bailleurs sont tirés au sort, de tailles différentes, dans les mêmes communes.

# %%
from dataclasses import replace

import flux
from flux.samples import generate_parc, write

tailles = {"Habitat du Nord": (1_200, 1), "Logis du Centre": (700, 2), "Foyers du Sud": (400, 3)}
for nom, (nb, graine) in tailles.items():
    parc = generate_parc(nb_logements=nb, nb_communes=6, seed=graine)
    bailleur = {**parc.convention["bailleur"], "nom": nom}
    write(replace(parc, convention={**parc.convention, "bailleur": bailleur}), f"bailleurs/{nom}")

# %% [markdown]
# ## Un lot : convertir, orienter, simuler chacun
#
# Chaque dossier est traité à part, ses résultats sont sur le disque dès qu'ils sont connus. Relancée, la même ligne ne refait
# que ce qui a changé ; un dossier en défaut n'arrête pas les autres.

# %%
lot = flux.lot("bailleurs", "resultats", etapes=("allocate", "simulate"), executeur="serie", runs=200, seed=2026)
lot.table[["dossier", "bailleur", "etape", "statut", "logements", "flux"]]

# %% [markdown]
# ## La vue multipartite : bailleur par bailleur, réservataire par réservataire

# %%
vue = lot.multipartite("000000009")
vue

# %%
vue.plot()

# %% [markdown]
# ## Les sommes de l'agglomération
#
# Chaque chiffre est la somme de ceux des bailleurs. Un objectif manqué chez l'un n'est pas compensé par l'avance d'un autre.

# %%
ensemble = lot.agreger("epci")
ensemble

# %%
ensemble.plot("gains")

# %% [markdown]
# ## L'annexe d'un bailleur, pour les parties de l'EPCI

# %%
plan = flux.allocate(flux.convert(flux.read_dossier("bailleurs/Habitat du Nord")))
flux.draft_annexe(plan, pour="000000009")

# %% [markdown]
# **En une phrase.**

# %%
quotas = lot.quotas
print(f"{quotas['dossier'].nunique()} bailleurs, {int(quotas['quota'].sum())} logements à orienter en 2026 dans l'agglomération, dont "
      f"{int(quotas.loc[quotas['id_reservataire'] != 'bailleur', 'quota'].sum())} pour les réservataires.")
