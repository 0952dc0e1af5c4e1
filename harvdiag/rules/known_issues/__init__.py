"""Known issues of an upgrade path: each tied to the releases that have it; docs/known-issues.md lists them all."""
