"""The cure: what an action would do to a cluster, and how that is told."""
