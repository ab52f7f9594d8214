"""Teach a camera what things are, on the device, in seconds.

Every name that ``__init__.pyi`` lists can be had from here, and is imported when it is first asked for: ``import
whatsit`` alone loads no other module.
"""


def _listed(stub: str) -> dict[str, tuple[str, str]]:
    """Public name -> module and the name there, from a stub's lines ``from module import name as public``.

    The file that type checkers read is the list, as in Scientific Python's SPEC 1. Splitting its lines takes a tenth of
    a millisecond; ``import ast`` would take several.
    """
    text = __spec__.loader.get_data(stub).decode()  # the loader, so that it works from a zip too
    words = [line.split() for line in text.splitlines() if line.startswith("from ")]
    return {public: (module, name) for _, module, _, name, _, public in words}


_NAMES = _listed(f"{__path__[0]}/__init__.pyi")
__all__ = sorted(name for name in _NAMES if not name.startswith("_"))  # noqa: PLE0605 - the stub has the literal list


def __getattr__(name: str) -> object:
    if name not in _NAMES:
        raise AttributeError(f"module 'whatsit' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _NAMES[name]
    found: object = getattr(import_module(module), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
