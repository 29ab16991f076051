"""The catalogue of instruments, and the timeline that says which claim holds which minute."""
