"""An address as a QR code (ISO/IEC 18004), for the camera of a phone."""

import io


def terminal_code(url: str) -> str:
    """For a terminal, as lines of half blocks."""
    import segno

    drawn = io.StringIO()
    segno.make(url, error="l").terminal(drawn, compact=True, border=2)
    return drawn.getvalue()


def svg_code(url: str) -> bytes:
    """As an SVG image, dark on white."""
    import segno

    drawn = io.BytesIO()
    segno.make(url, error="m", micro=False).save(drawn, kind="svg", scale=6, border=4, light="white")
    return drawn.getvalue()
