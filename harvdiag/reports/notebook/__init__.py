"""Notebook views: cards and tables for Jupyter."""
