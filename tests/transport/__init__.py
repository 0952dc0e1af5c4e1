"""Tests of `harvdiag.io.api` against a real HTTP server on loopback."""
