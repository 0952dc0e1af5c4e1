"""Tools that the tests and benchmarks use."""
