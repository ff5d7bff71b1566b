"""A migration's way back, tried beforehand: fingerprints of catalogs, the course of a rehearsal, rows for it."""
