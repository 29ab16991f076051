"""Companies, sites, people and their roles; signing in, invitations and tokens."""
