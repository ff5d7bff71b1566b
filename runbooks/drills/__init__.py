"""A room: the drills of a place, when the next one is due, and what is wrong with them."""
