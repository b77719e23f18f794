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
# # Avant de négocier : méthodes, stipulations, dates de droit
#
# *Vous êtes analyste chez le bailleur, la réunion avec les réservataires est dans une semaine. Quelle méthode de conversion
# proposer ? Que change la demande de la préfecture d'aller à 30 % ? Que dira chacun ?*

# %%
import flux

dossier = flux.read_dossier("../data/samples/val-de-mire")
parc = flux.convert(dossier)

# %% [markdown]
# ## Aucun texte ne fixe la méthode
#
# Trois méthodes, et une quatrième écrite ici, au prorata des surfaces : une fonction, un nom, une phrase. L'annexe
# l'imprimerait.

# %%
@flux.methode("prorata des surfaces")
def surfaces(droits, logements):
    """Chaque droit pèse la surface moyenne de sa commune, chaque logement aussi."""
    moyenne = logements.groupby("commune")["surface"].mean()
    return droits["commune"].map(moyenne), logements["commune"].map(moyenne)


methodes = flux.compare(
    parc=parc,
    rotation=flux.convert(dossier, methode="rotation"),
    observe=flux.convert(dossier, methode="observe"),
    surfaces=flux.convert(dossier, methode=surfaces),
)
methodes

# %%
methodes.plot()

# %% [markdown]
# ## Trente pour cent pour l'État
#
# Le registre donne à l'État moins de 30 %. Les préfets sont invités à tendre vers 30 %. Qui paie la différence ?

# %%
trente = flux.convert(dossier.with_stipulations(part_etat="legale"))
flux.compare(**{"registre": parc, "État à 30 %": trente})

# %% [markdown]
# ## Le même dossier, sous le droit d'hier
#
# Une date suffit. Ce qui a changé, depuis quand, par quel texte :

# %%
flux.regles("2021-01-01").diff(flux.regles("2026-01-01"))

# %% [markdown]
# ## Ce que personne n'a écrit : une hypothèse reste une hypothèse
#
# `suppose` change une valeur du droit et marque tout ce qu'elle touche.

# %%
supposee = parc.regles.suppose(part_max_garantie=0.25)
flux.compare(**{"loi": parc, "plafond à 25 %": flux.convert(dossier, regles=supposee)})

# %% [markdown]
# ## En réunion, à la souris
#
# Le même essai, avec des listes à dérouler : méthode, part de l'État, date du droit, tolérance. Là où les listes ne s'affichent
# pas (carnet seulement lu), la table donne chaque choix.

# %%
flux.explore(dossier)

# %% [markdown]
# **En une phrase.**

# %%
gain = trente.table.set_index("id_reservataire")["quota"] - parc.table.set_index("id_reservataire")["quota"]
autres = gain.drop(["etat_agents", "etat_prioritaires", "bailleur"])
print(f"Porter l'État à 30 % lui donne {gain[['etat_agents', 'etat_prioritaires']].sum()} logements de plus : "
      f"{-gain['bailleur']} viennent du bailleur, {-autres[autres < 0].sum()} des autres réservataires.")
