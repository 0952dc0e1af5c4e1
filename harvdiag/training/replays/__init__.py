"""Replays: an upgrade as a sequence of moments to step through, one that goes well and some that go wrong."""
