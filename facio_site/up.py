"""`python -m facio_site.up`: the address of what stands in run/up.py."""

import sys

from facio_site.run.up import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
