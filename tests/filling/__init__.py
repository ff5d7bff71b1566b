"""Rows made from a schema, on a real PostgreSQL."""
