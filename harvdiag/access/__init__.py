"""Identity and permissions at a cluster, and the RBAC manifests that harvdiag needs."""
