"""Which addresses may be called. The operator's environment decides, nobody else.

No form, import or API changes a policy, and nothing here opens a connection.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final, NoReturn

from providers.http.addresses import Address, Network, Reach, is_never, is_ours, reach, read
from providers.http.proxies import Proxy
from providers.http.urls import BadURL, parse_host
from providers.spec.outcomes import Failed, Outcome

MAX_ADDRESSES: Final = 8  # of one name that are tried

# Why an address is refused, the gravest first: one word of it goes into Failed.detail
_GRAVITY: Final = (
    "never",
    "unspecified",
    "own_port",
    "special",
    "loopback",
    "private",
    "plain_http",
)

# Names of nobody's public zone: a proxy is not asked for what is not known here.
# Source: https://www.iana.org/assignments/special-use-domain-names/
_NEAR: Final = frozenset(
    {"alt", "arpa", "corp", "home", "intern", "internal", "intranet", "invalid", "lan", "local"}
    | {"localdomain", "localhost", "onion", "private", "test"}
)

HostsFile = Mapping[tuple[str, int | None], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class _Opened:
    """What the tokens of OUTBOUND_ALLOW open."""

    keywords: frozenset[str] = frozenset()
    names: frozenset[tuple[str, int]] = frozenset()
    networks: tuple[tuple[Network, int], ...] = ()

    def has(self, host: str, port: int, address: Address, kind: Reach) -> bool:
        if kind.value in self.keywords:
            return True
        if (host, port) in self.names and kind is not Reach.SPECIAL:
            return True
        return self.is_in_networks(port, address)

    def is_in_networks(self, port: int, address: Address) -> bool:
        return any(
            port == opened and network.version == address.version and address in network
            for network, opened in self.networks
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's decision. `tokens` and `hosts` are there for a page to show.

    proxy: what public names are called through; the addresses that they have here are judged all
    the same. What a name leads to over there, the proxy decides.
    """

    tokens: tuple[str, ...] = ()
    public_http: bool = False
    own_ports: frozenset[int] = frozenset()
    hosts: HostsFile = field(default_factory=dict)
    proxy: Proxy | None = None
    _opened: _Opened = _Opened()

    @classmethod
    def parse(
        cls,
        allow: str | None,
        *,
        public_http: bool = False,
        own_ports: Iterable[int] = (),
        hosts: HostsFile | None = None,
        proxy: Proxy | None = None,
    ) -> "Policy":
        """From OUTBOUND_ALLOW. None and "" open nothing but public addresses.

        own_ports: broker, database and web ports, refused on every address of this machine.
        hosts: what parse_hosts made of OUTBOUND_HOSTS_FILE.
        Raises ValueError with a sentence that names the bad token.
        """
        tokens = tuple(word.strip() for word in (allow or "").split(",") if word.strip())
        return cls(
            tokens=tokens,
            public_http=public_http,
            own_ports=frozenset(own_ports),
            hosts=dict(hosts or {}),
            proxy=proxy,
            _opened=_read_tokens(tokens),
        )

    def mapped(self, host: str, port: int) -> tuple[str, int] | None:
        """Where a name of the hosts file is dialled; None if it is not in there."""
        return self.hosts.get((host, port)) or self.hosts.get((host, None))

    def check(self, host: str, port: int, scheme: str, addresses: Iterable[str]) -> list[str]:
        """The addresses to dial, at most MAX_ADDRESSES; every one of them was judged.

        One forbidden address forbids the name. Raises Failed(BLOCKED_ADDRESS) with a word of
        _GRAVITY, the host and port as typed, and the token that would open it, or "".
        """
        asked = list(dict.fromkeys(addresses))
        allowed = []
        reasons = set()
        for text in asked:
            address = read(text)
            reason = self._reason(host, port, scheme, address) if address else "never"
            if reason:
                reasons.add(reason)
            else:
                allowed.append(str(address))
        if reasons:
            _refuse(host, port, min(reasons, key=_GRAVITY.index))
        if not allowed:
            raise Failed(Outcome.DNS_ERROR, "not_found", host=host, port=port)
        return allowed[:MAX_ADDRESSES]

    def check_mapped(self, host: str, port: int, address: str, at_port: int) -> list[str]:
        """The same for a name of the hosts file, which counts as opened by the operator."""
        where = read(address)
        if where is None or reach(where) is Reach.NEVER:
            _refuse(host, port, "never")
        if at_port in self.own_ports and is_ours(where):
            _refuse(host, port, "own_port")
        return [str(where)]

    def leads_through_proxy(self, host: str, port: int, addresses: Iterable[str]) -> bool:
        """Whether a call that has passed goes through the proxy: what is public, and what stands in
        the hosts file; never what OUTBOUND_ALLOW opens. No address: it is not known here."""
        if self.proxy is None or (host, port) in self._opened.names:
            return False
        if self.mapped(host, port):
            return True
        found = [address for text in addresses if (address := read(text))]
        return all(
            reach(address) is Reach.PUBLIC and not self._opened.is_in_networks(port, address)
            for address in found
        )

    def is_left_to_proxy(self, host: str, port: int) -> bool:
        """Whether the proxy is asked for a name that is not known here."""
        before, _, last = host.rstrip(".").rpartition(".")
        return bool(before) and last not in _NEAR and self.leads_through_proxy(host, port, [])

    def check_unresolved(self, host: str, port: int, scheme: str) -> None:
        """What can be judged of such a name. Raises Failed(BLOCKED_ADDRESS)."""
        if scheme != "https" and not self.public_http:
            _refuse(host, port, "plain_http")

    def _reason(self, host: str, port: int, scheme: str, address: Address) -> str:
        """A word of _GRAVITY, or "" when the address may be called."""
        kind = reach(address)
        if kind is Reach.NEVER:  # of a name that leads there, a sinkhole is the likelier cause
            is_typed = address.is_unspecified and read(host) == address
            return "unspecified" if is_typed else "never"
        if port in self.own_ports and is_ours(address):
            return "own_port"
        if self._opened.has(host, port, address, kind):
            return ""
        if kind is not Reach.PUBLIC:
            return kind.value
        return "" if scheme == "https" or self.public_http else "plain_http"


def token_for(host: str, port: int) -> str:
    """The token of OUTBOUND_ALLOW that opens exactly this host and port."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_hosts(text: str) -> dict[tuple[str, int | None], tuple[str, int]]:
    """The lines of OUTBOUND_HOSTS_FILE: `name[:port] address:port`, # begins a comment.

    Raises ValueError with the line's number and what is wrong with it.
    """
    hosts = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            if len(words) != 2:
                raise ValueError("it is not of the form name[:port] address:port")
            name, address = _read_name(words[0]), _read_address(words[1])
            if name in hosts:
                raise ValueError(f"{words[0]} is there twice")
        except ValueError as error:
            raise ValueError(f"OUTBOUND_HOSTS_FILE, line {number}: {error}.") from None
        hosts[name] = address
    return hosts


def _refuse(host: str, port: int, reason: str) -> NoReturn:
    can_open = reason in {"loopback", "private", "plain_http"} or (
        reason == "special" and read(host) is not None
    )
    token = token_for(host, port) if can_open else ""
    raise Failed(Outcome.BLOCKED_ADDRESS, reason, host=host, port=port, token=token)


def _read_name(word: str) -> tuple[str, int | None]:
    name, colon, port = word.partition(":")
    try:
        host = parse_host(name)
    except BadURL:
        raise ValueError(f"{name!r} is no host name") from None
    if read(host) is not None:
        raise ValueError(f"{name!r} is an address; a name belongs here")
    return host, _read_port(port) if colon else None


def _read_address(word: str) -> tuple[str, int]:
    text, _, port = word.rpartition(":")
    address = read(text[1:-1]) if text.startswith("[") and text.endswith("]") else read(text)
    if address is None or (address.version == 6 and not text.startswith("[")):
        raise ValueError(f"{word!r} is not of the form 127.0.0.1:8443 or [::1]:8443")
    if reach(address) is Reach.NEVER:
        raise ValueError(f"{text} is an address that is never called")
    return str(address), _read_port(port)


def _read_port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65_535:
        return int(text)
    raise ValueError("the port must be a number from 1 to 65535")


def _read_tokens(tokens: Iterable[str]) -> _Opened:
    keywords, names, networks = set(), set(), []
    for token in tokens:
        try:
            if token.lower() in {"private", "loopback"}:
                keywords.add(token.lower())
                continue
            target, port = _split(token)
            network = _read_network(target)
            if network is None:
                names.add((parse_host(target), port))
            else:
                networks.append((network, port))
        except ValueError as error:
            raise ValueError(f"OUTBOUND_ALLOW has a bad token {token!r}: {error}") from None
    return _Opened(frozenset(keywords), frozenset(names), tuple(networks))


def _split(token: str) -> tuple[str, int]:
    target, colon, port = token.rpartition(":")
    if not colon or not target or (":" in target and not target.startswith("[")):
        raise ValueError(
            "it must be private, loopback, or a target with a port, such as "
            "host.docker.internal:11434, 10.0.0.0/24:8000 or [fd12::1]:8000."
        )
    try:
        return target, _read_port(port)
    except ValueError as error:
        raise ValueError(f"{error}.") from None


def _read_network(target: str) -> Network | None:
    """The addresses of a token; None where it is a name."""
    in_brackets = target.startswith("[") and target.endswith("]")
    text = target[1:-1] if in_brackets else target
    if not in_brackets and "/" not in text and read(text) is None:
        return None
    try:
        if "%" in text:
            raise ValueError
        network = ip_network(text)
    except ValueError:
        raise ValueError("it is not a valid address or network.") from None
    if (network.version == 6) is not in_brackets:
        raise ValueError("brackets belong around IPv6 only, and around all of it.")
    if network.version == 6 and network.network_address.ipv4_mapped:
        raise ValueError("write the IPv4 address that it stands for.")
    if network.prefixlen < 8:
        raise ValueError("that network is too large; name the part that you need.")
    if is_never(network):
        raise ValueError("such an address can never be opened.")
    return network
