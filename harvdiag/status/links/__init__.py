"""The rows of the link graph: each Node with its Machine and parts, and what is missing."""
