"""`python -m labshare.cli` is the `labshare` command."""

from labshare.cli import main

main()
