"""What goes out: the annex of the convention as data, and one writer a format."""

from flux.annexe.canonique import schema
from flux.annexe.contenu import Annexe, draft_annexe, draft_annexes

__all__ = ["Annexe", "draft_annexe", "draft_annexes", "schema"]
