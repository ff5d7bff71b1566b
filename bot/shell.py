"""Who works on the command line, as the record names them."""

import os
import pwd

from runbooks.vocabulary import Actor


def shell_user() -> Actor:
    """The user of the shell: `shell/ada`."""
    return Actor(f"shell/{pwd.getpwuid(os.getuid()).pw_name}")
