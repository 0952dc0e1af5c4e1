"""Tests against a real API server; they need HARVDIAG_TEST_KUBECONFIG and are skipped without it."""
