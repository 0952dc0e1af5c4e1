"""Client for a Kubernetes API server: login, requests, retries, paged lists and discovery.

Everything here sends GET and nothing else.
"""
