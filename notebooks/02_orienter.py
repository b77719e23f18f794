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
# # Le plan d'orientation, et ce qu'il coûte
#
# *Vous êtes à la préfecture. Le bailleur vous présente ses objectifs de l'année : un quart des logements de chacun pour
# les ménages DALO et prioritaires, un quart des baux hors QPV pour les ménages les plus modestes, la part de l'État hors QPV.
# Tiennent-ils ensemble ? Que coûterait un logement de plus, et à qui ?*

# %%
import flux

dossier = flux.read_dossier("../data/samples/val-de-mire")
quotas = flux.convert(dossier)
plan = flux.allocate(quotas, couts=True)

# %% [markdown]
# ## Tous les objectifs sur une seule table
#
# Les obligations de la loi d'abord, puis les quotas, puis l'équité de ce que chacun reçoit. Ce qui manque est écrit, pas
# corrigé : un objectif manqué est un résultat.

# %%
plan

# %%
plan.plot()

# %% [markdown]
# ## Ce que coûte un logement de plus
#
# Pour chaque objectif, le plan est refait avec un seuil plus haut d'un logement : la dernière colonne dit quel objectif,
# plus bas dans l'ordre, y perd, et combien. « Impossible » nomme celui qui bloque.

# %%
import pandas as pd

pd.options.display.max_colwidth = None
couts = plan.explain()
couts = couts[couts["contrainte"].str.endswith("loi")]
couts[["contrainte", "cout"]].rename(columns={"contrainte": "Objectif de la loi", "cout": "Un logement de plus"})

# %% [markdown]
# ## Pourquoi ce nombre, dans cette commune ?
#
# La part proportionnelle, ce que le plan donne, les lignes du programme qui pèsent, et le détail par type de logement.

# %%
plan.explain("etat", commune="00101")

# %% [markdown]
# ## Quand tout ne tient pas
#
# Et si la conférence intercommunale demandait que 80 % des baux hors QPV aillent au premier quartile ? Le plan ne s'arrête
# pas : il dit ce qui manque, et quelles obligations ne peuvent pas tenir ensemble.

# %%
import shutil
from pathlib import Path
from textwrap import fill

shutil.copytree("../data/samples/val-de-mire", "exigeant")
Path("exigeant/objectifs.csv").write_text(
    "objectif;territoire_type;territoire_code;part;niveau\nq1_hors_qpv;epci;000000100;0,80;cia\n", encoding="utf-8")
exigeant = flux.allocate(flux.convert(flux.read_dossier("exigeant")))
manques = exigeant.objectifs[exigeant.objectifs["manque"] > 1e-6]
print("\n\n".join(fill(phrase, 110) for phrase in exigeant.phrases))

# %% [markdown]
# ## Ce que l'un gagne, l'autre le perd ?
#
# La frontière entre deux objectifs : pour chaque niveau de l'un, le meilleur de l'autre, ce qui passe avant étant tenu. Donner à
# l'État plus de logements hors QPV éloigne chacun de la part de QPV du flux : à quel prix ?

# %%
frontiere = flux.frontier(plan, "etat_hors_qpv", "equite_qpv")
frontiere

# %%
frontiere.plot()

# %% [markdown]
# **En une phrase.**

# %%
loi = plan.objectifs[plan.objectifs["niveau"] == "loi"]
tenus = int((loi["manque"] <= 1e-6).sum())
gratuits = int(couts["cout"].str.contains("ne coûte rien").sum())
bloques = int(couts["cout"].str.contains("impossible").sum())
print(f"Sur {int(plan.quotas.exact['flux_a_partager'])} logements, {tenus} des {len(loi)} objectifs de la loi sont tenus ensemble.\n"
      f"Un logement de plus est gratuit pour {gratuits} d'entre eux, impossible pour {bloques} ; il éloigne les autres de la proportion.\n"
      f"Avec 80 % de premier quartile hors QPV, il manquerait {manques['manque'].sum():.0f} logements.")
