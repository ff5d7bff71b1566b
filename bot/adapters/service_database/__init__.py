"""The services' own databases: connections, the ledger of migrations, and the fence."""
