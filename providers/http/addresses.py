"""What kind of address an IP address is. Pure; one list of our own.

ipaddress.is_global and is_private answer differently between Python versions and call some
tunnels, translators and multicast public, so they are not asked.
Sources: https://www.iana.org/assignments/iana-ipv4-special-registry/
https://www.iana.org/assignments/iana-ipv6-special-registry/
https://www.iana.org/assignments/ipv6-address-space/
"""

import socket
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Reach(StrEnum):
    """How far an address reaches, and with it who may open it."""

    PUBLIC = "public"
    PRIVATE = "private"  # RFC 1918 and fc00::/7
    LOOPBACK = "loopback"
    SPECIAL = "special"  # opened only by a token that names the address itself
    NEVER = "never"  # opened by nothing


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(word) for word in text.split())


# The first that holds an address decides: metadata services lie inside ranges that can be opened.
# Never: link-local, metadata, this-network, multicast, reserved, and IPv6 that stands for IPv4
_NEVER: Final = _networks(
    "169.254.0.0/16 fe80::/10 fd00:ec2::254/128 100.100.100.200/32 192.0.0.192/32 "
    "168.63.129.16/32 0.0.0.0/8 224.0.0.0/4 240.0.0.0/4 192.88.99.0/24 ff00::/8 "
    "2001::/23 2002::/16"
)
_LOOPBACK: Final = _networks("127.0.0.0/8 ::1/128")
_PRIVATE: Final = _networks("10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7")
# Carrier-grade NAT (also Tailscale), benchmarking (also the made-up answers of some proxies),
# documentation and what else the registries set aside
_SPECIAL: Final = _networks(
    "100.64.0.0/10 198.18.0.0/15 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 "
    "192.175.48.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20 2620:4f:8000::/48"
)
_GLOBAL_IPV6: Final = IPv6Network("2000::/3")
_ORDER: Final = (
    (Reach.NEVER, _NEVER),
    (Reach.LOOPBACK, _LOOPBACK),
    (Reach.PRIVATE, _PRIVATE),
    (Reach.SPECIAL, _SPECIAL),
)


def read(text: str) -> Address | None:
    """The address, a mapped one as the IPv4 address that it reaches; None if it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


def reach(address: Address) -> Reach:
    """Which kind; what no list names is public in IPv4 and never in IPv6 outside 2000::/3."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    for kind, networks in _ORDER:
        if any(address in network for network in networks if network.version == address.version):
            return kind
    if isinstance(address, IPv6Address) and address not in _GLOBAL_IPV6:
        return Reach.NEVER
    return Reach.PUBLIC


def is_never(network: Network) -> bool:
    """True when a network lies as a whole in one that cannot be opened."""
    if isinstance(network, IPv6Network):
        ends = reach(network[0]), reach(network[-1])
        if ends == (Reach.NEVER, Reach.NEVER) and not network.overlaps(_GLOBAL_IPV6):
            return True
    return any(_is_inside(network, other) for other in _NEVER)


def _is_inside(network: Network, other: Network) -> bool:
    if isinstance(network, IPv4Network) and isinstance(other, IPv4Network):
        return network.subnet_of(other)
    if isinstance(network, IPv6Network) and isinstance(other, IPv6Network):
        return network.subnet_of(other)
    return False


def is_ours(address: Address) -> bool:
    """True for an address of this machine: any loopback one, and whatever it can bind.

    Binding a datagram socket sends nothing and needs no list of interfaces. Where the system
    lets a process bind foreign addresses, everything counts as ours: that refuses too much
    rather than too little.
    """
    if reach(address) is Reach.LOOPBACK:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True
