"""Commands as processes beside the bot, each under a supervisor that ends it with the bot."""
