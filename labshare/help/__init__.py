"""Help in the product: a guide for each kind of reader, and first steps for whoever is new."""
