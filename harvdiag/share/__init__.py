"""Sharing: what was found, with the pictures of it, as one file to hand on."""
