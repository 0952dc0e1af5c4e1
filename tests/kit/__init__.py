"""What the support-bundle-kit writes: its damage, its paths, its log."""
