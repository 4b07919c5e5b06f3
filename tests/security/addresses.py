"""Every address of the site, and what it answers to whom: the table in roles.txt."""

from pathlib import Path

TABLE = Path(__file__).with_name("roles.txt")
ROLES = ("stranger", "viewer", "editor", "owner")


def table() -> dict[str, dict[str, list[int]]]:
    """Address -> method -> status for each of ROLES."""
    rows: dict[str, dict[str, list[int]]] = {}
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            address, method, *statuses = line.split()
            rows.setdefault(address, {})[method] = [int(status) for status in statuses]
    return rows


def concrete(address: str, places: dict[str, str]) -> str:
    for part, value in places.items():
        address = address.replace(part, value)
    assert "<" not in address, address
    return address
