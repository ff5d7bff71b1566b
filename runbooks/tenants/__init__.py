"""Tenants on their way in: which gates each passed on which release, and whether it is live."""
