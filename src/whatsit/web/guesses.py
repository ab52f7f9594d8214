"""Wrong tokens: how many one address can try."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

AT_ONCE = 20
"""Wrong tokens that an address can send before it has to wait."""
PER_SECOND = 0.2
_ADDRESSES = 1000


class Guesses:
    """Counts wrong tokens by address (a token bucket each; an IPv6 address counts as its /64 network).

    Args:
        clock: the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Address -> how many wrong ones count against it, and at which time."""

    def allowed(self, host: str) -> bool:
        """Whether a token from this address is looked at."""
        return self._against(_network(host)) <= AT_ONCE - 1

    def wrong(self, host: str) -> None:
        """Count a wrong token."""
        network = _network(host)
        self._wrong[network] = self._against(network) + 1, self._clock()
        self._wrong.move_to_end(network)
        while len(self._wrong) > _ADDRESSES:
            self._wrong.popitem(last=False)

    def _against(self, network: str) -> float:
        count, when = self._wrong.get(network, (0.0, 0.0))
        return max(0.0, count - (self._clock() - when) * PER_SECOND)


def _network(host: str) -> str:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
