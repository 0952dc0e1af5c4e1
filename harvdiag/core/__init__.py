"""Core: data types and text functions that every package uses; no input or output, nothing about particular kinds."""
