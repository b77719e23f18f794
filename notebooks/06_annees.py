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
# # Les années à venir
#
# *Vous êtes à Action Logement. Des garanties s'éteignent, des programmes se livrent, des logements se vendent. Que deviendra
# notre part d'ici 2031, et pourquoi ?*

# %%
import flux

dossier = flux.read_dossier("../data/samples/val-de-mire")
avenir = flux.project(dossier, annees=range(2026, 2032))
avenir

# %%
avenir.plot()

# %% [markdown]
# ## Ce qui fait bouger chaque part
#
# Cause par cause, exactement : la somme des causes est le changement.

# %%
avenir.explain("action_logement")

# %% [markdown]
# ## Une année est un résultat comme les autres

# %%
avenir.annee(2029)

# %% [markdown]
# **En une phrase.**

# %%
part = avenir.table.query("id_reservataire == 'action_logement'").set_index("annee")["part_flux"].astype(float)
avant, apres = (f"{part[annee]:.1%}".replace(".", ",").replace("%", " %") for annee in (2026, 2031))
quota = avenir.table.query("id_reservataire == 'action_logement'").set_index("annee")["quota"]
causes = avenir.explain("action_logement").table.groupby("cause")["effet_part"].sum().astype(float) * 100
noms = {"echeance": "droits échus", "droit_unique": "droits uniques servis", "livraison": "livraisons"}
detail = ", ".join(f"{causes[cause]:+.1f} point ({nom})".replace(".", ",").replace("-", "−") for cause, nom in noms.items())
print(f"De 2026 à 2031, la part d'Action Logement passe de {avant} à {apres} : {detail}.\n"
      f"Son quota passe de {quota[2026]} à {quota[2031]} logements.")
