"""Markdown checklists, read as runbooks; every error says file:line and what would be right."""
