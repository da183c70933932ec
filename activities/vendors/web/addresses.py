"""Which network addresses a request may go to: those of the public internet, and no others.

Whoever names a host, or answers for it in DNS, must not make us call our own network (SSRF).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_ASSIGNED = IPv4Network("192.0.0.0/24")
"""For protocols of the IETF; Python counts only parts of it as not global."""
_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))
"""6to4 and Teredo: an IPv4 address inside decides where the packet goes in the end."""


def objection_to(address: str, *, loopback: bool = False) -> str | None:
    """Why no request may go to this IP address; None if it may. ``loopback`` allows this machine.

    Addresses of cloud metadata (169.254.169.254, fd00:ec2::254) are link-local or private.
    Source: the IANA special-purpose address registries (RFC 6890).
    """
    try:
        found = ip_address(address)
    except ValueError:
        return "no IP address"
    plain = _inside(found)
    if plain.is_loopback:
        return None if loopback else "a loopback address"
    if isinstance(plain, IPv6Address) and plain not in _UNICAST:
        return "no public address"
    if isinstance(plain, IPv4Address) and plain in _ASSIGNED:
        return "no public address"
    if isinstance(plain, IPv6Address) and any(plain in tunnel for tunnel in _TUNNELS):
        return "an address of a tunnel"
    if plain.is_multicast or plain.is_reserved or not plain.is_global:
        return "no public address"
    return None


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for: mapped (RFC 4291), or by NAT64 (RFC 6052)."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
