"""A room with state: the chain that links every event, and who asked for which audit pack and got it."""
