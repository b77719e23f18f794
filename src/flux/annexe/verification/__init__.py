"""Zero trust: an annex that was received, against the same made again from the files of the dossier."""

from flux.annexe.verification.verification import Verification, verify

__all__ = ["Verification", "verify"]
