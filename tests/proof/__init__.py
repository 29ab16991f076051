"""The promises under load and faults; LABSHARE_PROOF=full runs the counts they are stated with."""
