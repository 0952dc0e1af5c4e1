"""Tests of redaction: nothing that identifies is left, and the findings are the same."""
