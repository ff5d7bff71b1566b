"""`python -m bot` is `opsbot`."""

import sys

from bot.cli import main

sys.exit(main())
