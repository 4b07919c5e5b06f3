"""What tests mean for what is watched. A stand-in: the judge's module replaces it."""


def forget(about: str) -> None:
    """Nothing is told of this subject any more."""
