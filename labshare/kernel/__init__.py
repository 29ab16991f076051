"""The ground floor: time, transactions, the journal, actors and problems; no feature lives here."""
