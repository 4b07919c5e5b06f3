import contextlib
import socket
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.http import Policy, parse_hosts, token_for
from providers.http.addresses import Reach, is_ours, reach
from providers.http.policy import MAX_ADDRESSES
from providers.spec.outcomes import Failed, Outcome

# Sources: the two IANA special-purpose registries, and the metadata services of the large clouds
REACHES = [
    ("1.1.1.1", "public"),
    ("93.184.216.34", "public"),
    ("100.63.255.255", "public"),
    ("100.128.0.0", "public"),
    ("172.15.255.255", "public"),
    ("172.32.0.0", "public"),
    ("192.0.1.0", "public"),
    ("198.17.255.255", "public"),
    ("198.20.0.0", "public"),
    ("223.255.255.255", "public"),
    ("168.63.129.15", "public"),
    ("168.63.129.16", "never"),  # Azure
    ("0.0.0.0", "never"),
    ("0.1.2.3", "never"),
    ("10.0.0.1", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.255.255", "private"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("100.64.0.1", "special"),
    ("100.100.100.200", "never"),  # Alibaba
    ("198.18.0.1", "special"),
    ("198.19.255.255", "special"),
    ("169.254.169.254", "never"),
    ("169.254.0.1", "never"),
    ("192.0.0.1", "special"),
    ("192.0.0.192", "never"),  # Oracle
    ("192.0.2.1", "special"),
    ("192.31.196.1", "special"),
    ("192.52.193.1", "special"),
    ("192.88.99.1", "never"),
    ("192.175.48.1", "special"),
    ("198.51.100.1", "special"),
    ("203.0.113.1", "special"),
    ("224.0.0.1", "never"),
    ("239.255.255.255", "never"),
    ("240.0.0.1", "never"),
    ("255.255.255.255", "never"),
    ("2606:4700::1111", "public"),
    ("2a00:1450:4001::1", "public"),
    ("2001:200::1", "public"),
    ("2001:1ff::1", "never"),
    ("2001::1", "never"),  # Teredo
    ("2001:db8::1", "special"),
    ("2002:7f00:1::", "never"),  # 6to4 of 127.0.0.1
    ("3fff:fff::1", "special"),
    ("2620:4f:8000::1", "special"),
    ("::", "never"),
    ("::1", "loopback"),
    ("::127.0.0.1", "never"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:10.0.0.1", "private"),
    ("::ffff:169.254.169.254", "never"),
    ("::ffff:1.1.1.1", "public"),
    ("64:ff9b::7f00:1", "never"),  # NAT64 of 127.0.0.1
    ("64:ff9b:1::1", "never"),
    ("100::1", "never"),
    ("5f00::1", "never"),
    ("fc00::1", "private"),
    ("fd12::1", "private"),
    ("fd00:ec2::254", "never"),  # AWS
    ("fd00:ec2::253", "private"),
    ("fe80::1", "never"),
    ("fec0::1", "never"),
    ("ff02::1", "never"),
    ("4000::1", "never"),
]


def blocked(policy, host, port, addresses, scheme="https"):
    with pytest.raises(Failed) as caught:
        policy.check(host, port, scheme, addresses)
    verdict = caught.value.verdict
    assert verdict.outcome is Outcome.BLOCKED_ADDRESS
    assert (verdict.params["host"], verdict.params["port"]) == (host, port)
    return verdict.detail, verdict.params["token"]


@pytest.mark.parametrize(("address", "expected"), REACHES)
def test_s4_every_special_range_has_its_reach(address, expected):
    assert reach(ip_address(address)) is Reach(expected)


@given(st.ip_addresses())
def test_s4_public_is_never_more_than_the_standard_library_calls_global(address):
    if reach(address) is Reach.PUBLIC:
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize("address", [row[0] for row in REACHES if row[1] != "public"])
def test_s4_without_a_token_only_public_addresses_are_called(address):
    word = reach(ip_address(address)).value
    assert blocked(Policy.parse(""), "a.example", 443, [address])[0] == word
    assert blocked(Policy.parse(None), "a.example", 443, [address])[0] == word


def test_public_addresses_need_tls_unless_the_operator_says_otherwise():
    assert Policy.parse("").check("a.example", 443, "https", ["1.1.1.1"]) == ["1.1.1.1"]
    refusal = blocked(Policy.parse(""), "a.example", 80, ["1.1.1.1"], scheme="http")
    assert refusal == ("plain_http", "a.example:80")
    named = Policy.parse("a.example:80")
    assert named.check("a.example", 80, "http", ["1.1.1.1"]) == ["1.1.1.1"]
    opened = Policy.parse("", public_http=True)
    assert opened.check("a.example", 80, "http", ["1.1.1.1"]) == ["1.1.1.1"]
    assert blocked(opened, "a.example", 80, ["10.0.0.1"], scheme="http")[0] == "private"


@pytest.mark.parametrize(
    ("host", "port", "address", "token"),
    [
        ("host.docker.internal", 11434, "172.17.0.1", "host.docker.internal:11434"),
        ("127.0.0.1", 11434, "127.0.0.1", "127.0.0.1:11434"),
        ("10.0.0.5", 8000, "10.0.0.5", "10.0.0.5:8000"),
        ("fd12::1", 8000, "fd12::1", "[fd12::1]:8000"),
        ("::ffff:10.0.0.5", 8000, "10.0.0.5", "[::ffff:10.0.0.5]:8000"),
        ("100.64.0.7", 8000, "100.64.0.7", "100.64.0.7:8000"),
    ],
)
def test_the_token_that_a_refusal_names_opens_that_target_and_no_other_port(
    host, port, address, token
):
    assert blocked(Policy.parse(""), host, port, [address], scheme="http")[1] == token
    if host.startswith("::ffff:"):
        token = "10.0.0.5:8000"  # a mapped address is judged, and opened, as what it stands for
    opened = Policy.parse(token)
    assert opened.check(host, port, "http", [address]) == [address]
    blocked(opened, host, port + 1, [address], scheme="http")


def test_keywords_open_their_range_on_every_port():
    private, loopback = Policy.parse("private"), Policy.parse(" LOOPBACK , ")
    for address in ("10.1.2.3", "172.16.0.1", "192.168.0.1", "fd12::1"):
        assert private.check("nas", 1234, "http", [address]) == [address]
        blocked(loopback, "nas", 1234, [address])
    for address in ("127.0.0.1", "127.9.9.9", "::1"):
        assert loopback.check("localhost", 1234, "http", [address]) == [address]
        blocked(private, "localhost", 1234, [address])
    assert loopback.check("localhost", 1, "http", ["::ffff:127.0.0.1"]) == ["127.0.0.1"]


def test_a_network_token_opens_by_address_and_port():
    policy = Policy.parse("10.0.0.0/24:8000,[fd12::/16]:8000")
    assert policy.check("nas", 8000, "http", ["10.0.0.7", "fd12::7"]) == ["10.0.0.7", "fd12::7"]
    blocked(policy, "nas", 8000, ["10.0.1.7"])
    blocked(policy, "nas", 8001, ["10.0.0.7"])


def test_a_name_token_opens_public_private_and_loopback_addresses_only():
    policy = Policy.parse("nas:8000")
    assert policy.check("nas", 8000, "http", ["10.0.0.7", "::1"]) == ["10.0.0.7", "::1"]
    assert blocked(policy, "nas", 8000, ["100.64.0.1"]) == ("special", "")
    assert blocked(policy, "nas", 8000, ["169.254.169.254"]) == ("never", "")
    blocked(policy, "nas.example", 8000, ["10.0.0.7"])


@pytest.mark.parametrize("address", [row[0] for row in REACHES if row[1] == "never"])
def test_what_is_never_opened_stays_closed_under_every_token(address):
    policy = Policy.parse(
        "private,loopback,a.example:80,100.64.0.0/10:80,192.0.0.0/8:80,[fc00::/8]:80",
        public_http=True,
    )
    refusal = blocked(policy, "a.example", 80, [address], scheme="http")
    assert refusal == (reach(ip_address(address)).value, "")


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_the_address_that_servers_listen_on_is_told_apart(address):
    policy = Policy.parse("loopback,private")
    with pytest.raises(Failed) as caught:
        policy.check(address, 11434, "http", [address])
    assert caught.value.verdict.detail == "unspecified"
    with pytest.raises(Failed) as caught:  # a name that leads there: a sinkhole
        policy.check("llm.example.com", 443, "https", [address])
    assert caught.value.verdict.detail == "never"


def test_s3_one_forbidden_record_forbids_the_name():
    policy = Policy.parse("")
    assert blocked(policy, "a.example", 443, ["1.1.1.1", "127.0.0.1"])[0] == "loopback"
    assert blocked(policy, "a.example", 443, ["10.0.0.1", "169.254.169.254"]) == ("never", "")
    assert blocked(policy, "a.example", 443, ["1.1.1.1", "nonsense"])[0] == "never"


def test_s7_at_most_eight_addresses_are_tried_and_all_are_judged():
    many = [f"1.1.1.{number}" for number in range(1, 30)]
    assert Policy.parse("").check("a.example", 443, "https", many) == many[:MAX_ADDRESSES]
    assert blocked(Policy.parse(""), "a.example", 443, [*many, "10.0.0.1"])[0] == "private"


def addresses_of_this_machine():
    """Loopback, and the address that a packet to elsewhere would leave from; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with contextlib.suppress(OSError):
            probe.connect(("1.1.1.1", 9))
        own = probe.getsockname()[0]
    return sorted({"127.0.0.1", "127.0.0.53", "::1", own} - {"0.0.0.0"})


@pytest.mark.parametrize("address", addresses_of_this_machine())
def test_own_ports_are_closed_on_every_address_of_this_machine(address):
    policy = Policy.parse(f"private,loopback,nas:6379,{token_for(address, 6379)}", own_ports={6379})
    assert blocked(policy, "nas", 6379, [address], scheme="http") == ("own_port", "")
    assert blocked(policy, address, 6379, [address], scheme="http") == ("own_port", "")
    assert policy.check("nas", 6379, "https", ["10.255.255.254"]) == ["10.255.255.254"]
    assert not is_ours(ip_address("10.255.255.254"))


@pytest.mark.parametrize(
    "token",
    [
        *("*", "all", "privat", "true", "host", "10.0.0.1", "10.0.0.0/24", "a.example"),
        *("a.example:0", "a.example:65536", "a.example:80x", "a.example:", ":80", "a.example:+80"),
        *("*.example:80", "https://a.example:80", "user@a.example:80", "a b:80", "a.example/24:80"),
        *("10.0.0.5/24:80", "10.0.0.0/33:80", "10.0.0.256:80", "0.0.0.0/0:80", "[::/0]:80"),
        *("::1:80", "[::1]", "[10.0.0.1]:80", "fd12::/16:80", "[fd12::1%eth0]:80", "0x7f.1:80"),
        *("169.254.169.254:80", "169.254.0.0/16:80", "[fe80::/10]:80", "168.63.129.16:80"),
        *("0.0.0.0:80", "224.0.0.1:80", "255.255.255.255:80", "100.100.100.200:80", "[::]:80"),
        *("[::ffff:10.0.0.1]:80", "[64:ff9b::/96]:80", "[4000::/16]:80", "[2002::/17]:80"),
    ],
)
def test_a_bad_token_is_named_in_a_sentence(token):
    with pytest.raises(ValueError, match="OUTBOUND_ALLOW has a bad token") as caught:
        Policy.parse(f"loopback,{token}")
    assert repr(token) in str(caught.value)
    assert str(caught.value).endswith(".")


@given(st.text(max_size=40))
def test_any_token_opens_at_most_what_it_names(text):
    try:
        policy = Policy.parse(text)
    except ValueError:
        return
    blocked(policy, "metadata.example", 80, ["169.254.169.254"], scheme="http")
    if not {"private", "loopback"} & {token.lower() for token in policy.tokens}:
        blocked(policy, "other.example", 12_345, ["10.11.12.13"], scheme="http")


def test_a_policy_shows_its_tokens_and_cannot_be_changed():
    policy = Policy.parse("loopback, nas:8000")
    assert policy.tokens == ("loopback", "nas:8000")
    with pytest.raises(AttributeError):
        policy.public_http = True  # type: ignore[misc]


def test_s4_the_special_ranges_are_covered_end_to_end():
    for text in ("10.0.0.0/8", "100.64.0.0/10", "224.0.0.0/4", "fc00::/7", "2002::/16", "ff00::/8"):
        network = ip_network(text)
        for address in (network[0], network[-1]):
            assert reach(address) is not Reach.PUBLIC


def test_a_hosts_file_maps_names_to_addresses():
    hosts = parse_hosts(
        "# demo\n\napi.openai.com 127.0.0.1:8443\nAPI.example:8080 [::1]:9000 # plain\n"
    )
    policy = Policy.parse("", hosts=hosts)
    assert policy.mapped("api.openai.com", 443) == ("127.0.0.1", 8443)
    assert policy.mapped("api.openai.com", 99) == ("127.0.0.1", 8443)
    assert policy.mapped("api.example", 8080) == ("::1", 9000)
    assert policy.mapped("api.example", 443) is None
    assert policy.check_mapped("api.openai.com", 443, "127.0.0.1", 8443) == ["127.0.0.1"]


def test_a_port_of_a_name_in_the_hosts_file_goes_before_the_name():
    hosts = parse_hosts("a.example 127.0.0.1:1\na.example:80 127.0.0.1:2")
    policy = Policy.parse("", hosts=hosts)
    assert policy.mapped("a.example", 80) == ("127.0.0.1", 2)
    assert policy.mapped("a.example", 443) == ("127.0.0.1", 1)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("a.example", "form"),
        ("a.example 127.0.0.1:1 x", "form"),
        ("a.example 127.0.0.1", "form"),
        ("a.example ::1:80", "form"),
        ("a.example b.example:80", "form"),
        ("a.example [::1]:x", "port"),
        ("a.example:0 127.0.0.1:80", "port"),
        ("a_!.example 127.0.0.1:80", "host name"),
        ("127.0.0.1 127.0.0.1:80", "a name belongs"),
        ("a.example 169.254.169.254:80", "never called"),
        ("b.example 127.0.0.1:80", "twice"),
    ],
)
def test_a_bad_line_of_the_hosts_file_is_named(line, word):
    with pytest.raises(ValueError, match=r"OUTBOUND_HOSTS_FILE, line 3") as caught:
        parse_hosts(f"b.example 127.0.0.1:1\n\n{line}\n")
    assert word in str(caught.value)


def test_the_hosts_file_does_not_open_own_ports():
    policy = Policy.parse("", own_ports={6379})
    with pytest.raises(Failed) as caught:
        policy.check_mapped("api.example", 443, "127.0.0.1", 6379)
    assert caught.value.verdict.detail == "own_port"
