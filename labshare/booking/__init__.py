"""Requests for instrument time and what becomes of them."""
