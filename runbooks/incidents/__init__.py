"""Findings: what went wrong, how severe it is, and what to do about it."""
