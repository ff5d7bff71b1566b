"""What the bot knows and decides: documents, runs, releases, incidents and steps, with no I/O of their own."""
