"""The store on PostgreSQL, and what keeps its schema."""
