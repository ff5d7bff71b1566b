"""Slack: posting, who is in which group, and the socket that requests come in by."""
