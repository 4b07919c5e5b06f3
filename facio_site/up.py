"""`python -m facio_site.up`: the address of what stands in run/up.py."""

import errno
import sys

from facio_site.run.children import say
from facio_site.run.up import main

if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        say(f"STATE_DIR cannot be written: {error.strerror}.")
        code = 1
    sys.exit(code)
