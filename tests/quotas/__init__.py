"""The company's account of hours."""
