"""Drafts: manifests and commands derived from the facts of a cluster, written on request and never applied."""
