"""What stands before every application: the rules of access, the limits, and one line for errors nobody expected."""

from collections.abc import Callable

from starlette.middleware import Middleware

from whatsit.web.access import Access, Gate, SecurityHeaders, nowhere
from whatsit.web.connections import Connections
from whatsit.web.limits import RequestLimits
from whatsit.web.refusal import LastResort


def guards(
    access: Access,
    connections: Connections | None = None,
    *,
    for_programs: Callable[[str], bool] = nowhere,
    form_token: Callable[[str], bool] = nowhere,
) -> list[Middleware]:
    """The middleware, the outermost first.

    Args:
        access: the rules of the server.
        connections: those of the server that requests come on; None where it counts none.
        for_programs: as for ``Gate``.
        form_token: likewise.
    """
    # Not ``connections or …``: none open yet is no reason to watch others.
    counted = connections if connections is not None else Connections()
    return [
        Middleware(SecurityHeaders),
        Middleware(LastResort),
        Middleware(RequestLimits),
        Middleware(Gate, access=access, connections=counted, for_programs=for_programs, form_token=form_token),
    ]
