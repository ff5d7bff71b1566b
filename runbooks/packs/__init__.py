"""What is in an audit pack, made of all rooms' events and so above them. Pure; the same events, the same bytes."""
