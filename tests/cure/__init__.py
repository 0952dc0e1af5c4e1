"""The cure: simulation of actions, and the preconditions of a removal."""
