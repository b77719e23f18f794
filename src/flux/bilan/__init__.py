"""The report due before 28 February: what was proposed, attributed and leased, against what was due."""

from flux.bilan.contenu import Bilan, draft_bilan

__all__ = ["Bilan", "draft_bilan"]
