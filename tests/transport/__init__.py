"""Tests of `harvdiag.api` against a real HTTP server on loopback."""
