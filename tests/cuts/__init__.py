"""Every step, cut off at every point where a process can die: what it declared is what happens."""
