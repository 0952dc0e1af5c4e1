"""Jupyter: which form harvdiag's objects have there, the answer with its picture, and pickers."""
