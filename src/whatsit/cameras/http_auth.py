"""How a network camera is told a name and password: Basic (RFC 7617) and Digest (RFC 7616) by what it asks for."""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_HASHES = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}
"""The strongest first."""
_PARAMETER = re.compile(r'([A-Za-z]\w*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_SCHEME = re.compile(r"(?:^|,)\s*(Basic|Digest)(?=\s|,|$)", re.IGNORECASE)
_MAX_CHALLENGE = 4096


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and password, as written in an address."""

    name: str
    password: str


@dataclass(slots=True)
class Digest:
    """A camera's challenge, which can be answered many times."""

    realm: str
    nonce: str
    algorithm: str
    """As the camera wrote it; empty where it did not."""
    opaque: str | None
    with_qop: bool
    """Whether it wants ``qop=auth``; without, RFC 2069 is meant."""
    count: int = 0

    def header(self, who: Credentials, method: str, uri: str) -> str:
        """The value of ``Authorization``."""
        base = _base(self.algorithm)

        def digest(text: str) -> str:
            return _HASHES[base](text.encode("utf-8", "surrogateescape")).hexdigest()

        self.count += 1
        count, cnonce = f"{self.count:08x}", secrets.token_hex(8)
        secret = digest(f"{who.name}:{_unquoted(self.realm)}:{who.password}")
        if self.algorithm.upper().endswith("-SESS"):
            secret = digest(f"{secret}:{self.nonce}:{cnonce}")
        request = digest(f"{method}:{uri}")
        middle = f"{count}:{cnonce}:auth:" if self.with_qop else ""
        response = digest(f"{secret}:{self.nonce}:{middle}{request}")
        name = who.name.replace("\\", "\\\\").replace('"', '\\"')
        parts = [f'username="{name}"', f'realm="{self.realm}"', f'nonce="{self.nonce}"', f'uri="{uri}"']
        parts.append(f'response="{response}"')
        if self.algorithm:
            parts.append(f"algorithm={self.algorithm}")
        if self.opaque is not None:
            parts.append(f'opaque="{self.opaque}"')
        if self.with_qop or self.algorithm.upper().endswith("-SESS"):
            parts.append(f'qop=auth, nc={count}, cnonce="{cnonce}"' if self.with_qop else f'cnonce="{cnonce}"')
        return "Digest " + ", ".join(parts)


def basic_header(who: Credentials) -> str:
    """The value of ``Authorization`` that carries the password as it is."""
    return "Basic " + base64.b64encode(f"{who.name}:{who.password}".encode("utf-8", "surrogateescape")).decode()


def read_challenges(values: Iterable[str]) -> tuple[bool, Digest | None]:
    """What the ``WWW-Authenticate`` headers of a response offer.

    Returns:
        Whether Basic is offered, and the strongest Digest that can be answered; None: there is none.
    """
    basic, found = False, list[Digest]()
    for value in values:
        text = value[:_MAX_CHALLENGE]
        starts = list(_SCHEME.finditer(text))
        for number, start in enumerate(starts):
            end = starts[number + 1].start() if number + 1 < len(starts) else len(text)
            if start[1].lower() == "basic":
                basic = True
            elif (challenge := _digest(_parameters(text[start.end() : end]))) is not None:
                found.append(challenge)
    found.sort(key=lambda one: list(_HASHES).index(_base(one.algorithm)))
    return basic, found[0] if found else None


def _digest(parameters: Mapping[str, str]) -> Digest | None:
    algorithm = parameters.get("algorithm", "")
    qop = [one.strip().lower() for one in parameters.get("qop", "").split(",") if one.strip()]
    if "nonce" not in parameters or _base(algorithm) not in _HASHES:
        return None
    if qop and "auth" not in qop:
        return None
    return Digest(parameters.get("realm", ""), parameters["nonce"], algorithm, parameters.get("opaque"), bool(qop))


def _parameters(text: str) -> dict[str, str]:
    found = _PARAMETER.findall(text)
    return {name.lower(): quoted or plain for name, quoted, plain in found}


def _base(algorithm: str) -> str:
    return (algorithm or "MD5").upper().removesuffix("-SESS")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
