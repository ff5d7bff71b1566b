"""A run of a runbook: its state, its commands and events, and the rules that move it."""
