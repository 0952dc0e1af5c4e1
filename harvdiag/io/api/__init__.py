"""What a Kubernetes API server says: how to log in, one request, its faults, lists in pages, and what is served.

Everything here sends GET and nothing else.
"""
