"""The schema and the statements of the bot's own database."""
