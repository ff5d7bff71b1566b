"""The Slack edge, thin: parse what a person typed or clicked, hand it to the engine, reply."""
