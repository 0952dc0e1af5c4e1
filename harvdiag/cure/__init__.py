"""Cure: what an action would do to a cluster, played on what was read of it; nothing here writes to one.

`action` reads what a person would do, `world` is a copy of the cluster that can change, `cascade` has the controllers
that act on it (one function each), `simulate` plays them in turn and judges the result, `preconditions` are the
questions to ask before anything is removed (P1 to P6).
"""
