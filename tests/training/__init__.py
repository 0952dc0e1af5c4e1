"""Tests of harvdiag.training."""
