"""Yearly usage: what each company used, what each instrument did for whom, and years that are closed."""
