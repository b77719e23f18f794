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
# # Vérifier l'annexe que l'on reçoit
#
# *Vous êtes au service logement de l'agglomération. Le bailleur vous envoie l'annexe 2026 et son classeur. Pourquoi 3 logements
# pour nous, et pas 4 ? Les chiffres sont-ils ceux des fichiers ?*

# %%
import flux

dossier = flux.read_dossier("../data/samples/val-de-mire")
plan = flux.allocate(flux.convert(dossier))
annexe = flux.draft_annexe(plan, pour="epci")
annexe

# %% [markdown]
# L'annexe d'un réservataire garde les totaux de l'ensemble : il voit sa ligne, celle des autres réunis, celle du bailleur.
#
# ## Tous les formats, une seule valeur

# %%
fichiers = [annexe.save(f"annexe_2026_epci.{suffixe}")
            for suffixe in ("docx", "xlsx", "pdf", "html", "json")]
[chemin.name for chemin in fichiers]

# %% [markdown]
# ## Pourquoi 3 et pas 4 ?

# %%
plan.quotas.explain("epci")

# %% [markdown]
# ## Refaire tous les chiffres
#
# `verify` relit l'annexe, la refait en entier depuis le dossier, et compare : chaque phrase, chaque cellule, chaque formule.

# %%
flux.verify("annexe_2026_epci.xlsx", "../data/samples/val-de-mire")

# %% [markdown]
# Et si quelqu'un avait changé un chiffre du classeur en chemin ?

# %%
import openpyxl

classeur = openpyxl.load_workbook("annexe_2026_epci.xlsx")
feuille, cellule = next((f, c) for f in classeur for ligne in f.iter_rows() for c in ligne
                        if isinstance(c.value, int) and c.value == 386)
cellule.value = 400
classeur.save("annexe_retouchee.xlsx")
f"Feuille « {feuille.title} », cellule {cellule.coordinate} : 386 devient 400"

# %%
flux.verify("annexe_retouchee.xlsx", "../data/samples/val-de-mire")

# %% [markdown]
# ## Une image pour les élus

# %%
plan.quotas.plot("cascade")

# %% [markdown]
# **En une phrase.**

# %%
ligne = plan.quotas.table.set_index("id_reservataire").loc["epci"]
du = f"{float(ligne['quota_exact']):.2f}".replace(".", ",")
print(f"L'agglomération a {int(ligne['quota'])} logements pour {du} dus ; l'annexe reçue est celle des fichiers, et celle qui a "
      "été retouchée est reconnue.")
