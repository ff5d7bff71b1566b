"""State in, Slack blocks out; pure, one file per card or form."""
