"""The toolkit of doors: it knows how to answer, and no feature."""
