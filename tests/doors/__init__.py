"""Every door of the house: who may open it, what strangers and rivals are told, and what hostile hands can do."""
