"""What the bot tells of itself: metrics, traces and the lines of its log, read from what it commits and claims."""
