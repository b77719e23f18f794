"""Years ahead: the dossier as it will stand each year, its quotas, and why they move."""

from flux.conversion.projection.projection import Projection, project

__all__ = ["Projection", "project"]
