"""The plan of the house as checks over source text: nothing is imported, everything is read with `ast`.

tests/test_architecture.py holds the house to each rule, and each rule to a planted breach.
"""
