"""Support bundles of rancher/support-bundle-kit: their paths, error log and damaged values."""
