"""What a proxy before the server says: believed of those that are named, by nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

_Address = IPv4Address | IPv6Address


class BadProxy(ValueError):
    """What is named as a proxy is no address."""


@dataclass(frozen=True)
class Proxies:
    """The addresses of the proxies that are named."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def named(cls, names: Sequence[str]) -> Proxies:
        """By addresses such as ``127.0.0.1`` or ``10.1.0.0/24``. Raises BadProxy."""
        try:
            return cls(tuple(ip_network(name) for name in names))
        except ValueError as error:
            raise BadProxy(f"--proxy is an address such as 127.0.0.1 or 10.1.0.0/24: {error}") from None

    def sent(self, request: Request) -> bool:
        """Did one of them send this? By the address at the other end of the connection, whatever a header says."""
        return self._is_one(request.client.host if request.client else "")

    def address(self, request: Request) -> str:
        """Who asks: the last address before the proxies, as they say; of IPv6 the part that is one network's."""
        found = request.client.host if request.client else ""
        if self._is_one(found):
            said = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
            before = [one.strip() for one in said if one.strip()]
            while before and self._is_one(before[-1]):
                before.pop()
            found = before[-1] if before else found
        parsed = _parsed(found)
        return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed or "?")

    def is_https(self, request: Request) -> bool:
        """Did the browser ask by https?"""
        said = request.headers.getlist("x-forwarded-proto") if self.sent(request) else []
        return said == ["https"] or request.scope.get("scheme") == "https"

    def _is_one(self, text: str) -> bool:
        found = _parsed(text)
        return found is not None and any(found in network for network in self.networks)


def _parsed(text: str) -> _Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
