"""The kernel: errors, provenance, table checks and the solver. It knows nothing of housing."""
