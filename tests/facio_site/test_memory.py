"""What a process keeps of memory that it no longer uses."""

import subprocess
import sys

import pytest

TAKES_A_LOT = """
from pathlib import Path
from facio_site.memory import give_back
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
blocks = [bytes(2_000) for _ in range(50_000)]
del blocks[:-1]  # the last one stands at the end of the heap
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a favour of Linux")
def test_memory_that_was_used_for_a_moment_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", TAKES_A_LOT], capture_output=True, check=True)
    assert int(done.stdout) > 50_000_000
