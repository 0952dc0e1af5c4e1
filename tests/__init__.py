"""The tests of harvdiag."""
