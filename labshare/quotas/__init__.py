"""The company's account of hours: what it may use, what it holds and used, line by line."""
