"""Fault points by construction: a real bot process, killed before and after each commit and each outside effect."""
