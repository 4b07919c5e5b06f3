"""What a text says that was pasted, for the tests of each form of text."""

from providers.kinds import KINDS
from routing.config.pasted import Pasted, read_pasted


def read(text: str, kind: str = "") -> Pasted:
    return read_pasted(text.encode(), specs=KINDS, kind=kind)


def told(pasted: Pasted) -> dict[str, str]:
    """Why something was not read, by its place."""
    return {one.path: one.code for one in pasted.ignored}
