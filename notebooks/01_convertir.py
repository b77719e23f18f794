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
# # Des fichiers à l'annexe de la convention
#
# *Vous êtes analyste chez un bailleur. La préfecture demande l'annexe 2026 de la convention de gestion en flux : combien de
# logements pour chaque réservataire, et pourquoi ?*
#
# Ce carnet déroule le travail sur un bailleur **fictif**, Habitat du Val de Mire : 6 000 logements, 14 communes. Remplacez
# le chemin par le répertoire de vos tables (ou votre classeur) : le reste ne change pas.

# %%
import flux

dossier = flux.read_dossier("../data/samples/val-de-mire")
dossier

# %% [markdown]
# La lecture contrôle tout avant de rendre la main. Si un fichier a un défaut, **tous** les défauts sont listés d'un coup, avec
# le fichier, la ligne, la colonne, la valeur lue, ce qui est permis et comment corriger. Ce qui a été lu autrement qu'écrit
# est dans `dossier.reparations`, avec ce qu'il faut vérifier.

# %%
print(*dossier.reparations, sep="\n\n")

# %% [markdown]
# ## Le droit du 1er janvier 2026
#
# La loi est une donnée : chaque valeur a une date, un article et un statut (vérifié ou non). La date est celle de la
# convention. `regles` seul les montre toutes ; en voici une, avec la phrase du texte.

# %%
regles = flux.regles(dossier.convention.date)
part = regles["part_max_etat"]
print(f"{part.description} : {float(part.valeur):.0%}".replace("%", " %"),
      f"« {part.citation} »",
      f"{part.references[0].titre}, en vigueur depuis le {part.depuis:%d/%m/%Y}.", sep="\n")

# %% [markdown]
# ## Du stock au flux
#
# `convert` calcule l'assiette, la rotation, les logements soustraits, le flux à partager, puis ce qui est dû à chacun. Tout
# est exact jusqu'au seul arrondi, à la fin.

# %%
quotas = flux.convert(dossier)
quotas

# %%
quotas.plot()

# %% [markdown]
# L'assiette, étape par étape : qui en sort, pourquoi, selon quel texte.

# %%
quotas.assiette

# %% [markdown]
# ### Pourquoi ce chiffre ?
#
# `explain` déplie un quota jusqu'aux lignes des fichiers et aux articles. Ici, la part de l'État : agents et ménages
# prioritaires.

# %%
quotas.explain("etat")

# %% [markdown]
# ### Et avec une autre méthode ?
#
# Aucun texte ne fixe la méthode de conversion : la convention la choisit. Une autre méthode est une autre valeur, qu'on
# compare.

# %%
flux.compare(parc=quotas, rotation=flux.convert(dossier, methode="rotation"))

# %% [markdown]
# ## Orienter les libérations
#
# Le plan répartit les logements attendus entre réservataires et publics, en tenant d'abord la loi (25 % de DALO et
# prioritaires, 25 % du premier quartile hors QPV, la moitié d'autres quartiles en QPV), puis les quotas, au plus près de la
# proportion. Un objectif manqué est un résultat : il est montré.

# %%
plan = flux.allocate(quotas)
plan

# %%
plan.plot()

# %% [markdown]
# ## L'annexe
#
# Une seule valeur, plusieurs formats. Le classeur garde ses formules : un réservataire peut tout recalculer. Le carnet
# `03_annexe` la montre en entier.

# %%
annexe = flux.draft_annexe(plan)
[str(annexe.save(f"annexe_2026.{suffixe}", ecraser=True)) for suffixe in ("docx", "xlsx")]

# %% [markdown]
# **En une phrase.**

# %%
etat = quotas.table.loc[quotas.table["categorie"].isin(["etat_agents", "etat_prioritaires"]), "quota"].sum()
print(f"En 2026, {int(quotas.exact['flux_a_partager'])} logements sont à partager : {etat} pour l'État, "
      f"{quotas.table.set_index('id_reservataire').loc['action_logement', 'quota']} pour Action Logement, "
      f"{quotas.table.set_index('id_reservataire').loc['bailleur', 'quota']} restent au bailleur.")
