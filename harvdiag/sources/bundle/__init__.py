"""What rancher/support-bundle-kit writes: its paths, its error log, its damage to values."""
