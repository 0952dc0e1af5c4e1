"""Snapshot files: written by `harvdiag snapshot` and `cluster.save()`, read like any source."""
