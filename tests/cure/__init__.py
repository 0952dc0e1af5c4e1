"""The cure: simulation of actions, the preconditions of a removal, and how both are told."""
