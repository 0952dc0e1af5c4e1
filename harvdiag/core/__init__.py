"""Core: the nouns that every room shares, and text; no input or output, nothing of any kind of object."""
