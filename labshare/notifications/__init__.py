"""Telling people what happened: the inbox, mails and links."""
