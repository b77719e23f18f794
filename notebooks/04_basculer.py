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
# # « Le flux a-t-il retiré des logements à ma commune ? »
#
# *Vous êtes chargée de l'habitat à Mire-la-Ville. Au conseil, une élue demande : avec nos réservations, combien de logements
# aurions-nous eus ? Combien en avons-nous avec le flux ? En est-on sûr ?*
#
# La réponse est une distribution : les **mêmes** libérations, vécues deux fois, un grand nombre de fois. Une fois en stock
# (chaque logement qui se libère revient au titulaire de son droit), une fois en flux (le bailleur oriente chaque logement,
# personne n'ayant jamais un logement d'avance ou de retard là où les parts sont fixes).

# %%
import flux

dossier = flux.read_dossier("../data/samples/val-de-mire")
bascule = flux.simulate(dossier, seed=2026, runs=500)
bascule

# %% [markdown]
# ## Mire-la-Ville, en trois phrases

# %%
bascule.explain("Mire-la-Ville")

# %% [markdown]
# La première phrase donne la réponse sous les deux lectures : les mutations étaient-elles faites, en stock, sur les seuls
# logements sans droit, ou sur tous ? Aucun texte ne le dit ; c'est l'hypothèse qui pèse le plus.
#
# ## Les gains et les pertes, commune par commune

# %%
bascule.plot("communes")

# %% [markdown]
# ## Mois après mois

# %%
bascule.plot("eventail")

# %% [markdown]
# ## Pourquoi : les causes, qui s'additionnent exactement

# %%
flux.decomposition(flux.convert(dossier))

# %% [markdown]
# ## Et sur les années déjà vécues ?
#
# Le rejeu reprend les baux réels des années passées, et les donne sous les deux régimes.

# %%
flux.replay(dossier, seed=2026)

# %% [markdown]
# **En une phrase.**

# %%
chiffres = bascule.table.query(
    "id_reservataire == 'commune_00101' and territoire_code == '*' and indicateur == 'orientations'").iloc[0]
stock, en_flux = (f"{chiffres[c]:.1f}".replace(".", ",") for c in ("stock_moyen", "flux_moyen"))
print(f"En moyenne {stock} logements par an en stock, {en_flux} en flux ; la commune perd plus d'un logement dans "
      f"{chiffres['p_perte'] * 100:.0f} % des tirages,\nsi les mutations se faisaient, en stock, hors de ses réservations. "
      "Si elles se faisaient partout, elle ne perd rien en moyenne (seconde lecture, plus haut).")
