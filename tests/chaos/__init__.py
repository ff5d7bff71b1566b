"""The nemesis: three real bot processes under load; everything around them fails, every outside effect is counted."""
