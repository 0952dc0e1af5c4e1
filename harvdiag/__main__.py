"""`python -m harvdiag` is `harvdiag`."""

from harvdiag.cli import main

main()
