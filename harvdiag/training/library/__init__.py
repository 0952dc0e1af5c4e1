"""The library of scenarios: clusters to learn on, each after a public issue."""
