"""Who runs it: the shared Temporal plugin, and the composition root."""
