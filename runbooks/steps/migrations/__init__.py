"""Numbered SQL files: read, judged, planned, applied in order, taken back; the ledger is the truth."""
