"""Pictures that are small as files and large as memory: ``make(name)`` gives the bytes of one."""

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

SIDE = 8190
"""Just inside the pixels allowed: what is accepted has to be cheap too."""


def _png(mode: str, depth: int, colour: int, side: int = SIDE, palette: bytes = b"", transparent: bytes = b"") -> bytes:
    """Made by hand: encoding it as a picture would take the memory that is being measured."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = b"\0" * (1 + side * samples * depth // 8)
    packed = zlib.compressobj(1)
    body = b"".join(packed.compress(row) for _ in range(side)) + packed.flush()
    head = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", head), (b"PLTE", palette), (b"tRNS", transparent), (b"IDAT", body), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
        if data or kind == b"IEND"
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _saved(mode: str, side: int, file_format: str, **settings: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (side, side)).save(file, file_format, **settings)  # type: ignore[arg-type]
    return file.getvalue()


def _turned() -> "Image.Exif":
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def _webp_of_34_bytes() -> bytes:
    body = b"\x2f" + (16382 | 16382 << 14).to_bytes(4, "little") + b"\0" * 9
    return b"RIFF" + struct.pack("<I", 12 + len(body)) + b"WEBPVP8L" + struct.pack("<I", len(body)) + body


def _webp_extended() -> bytes:
    canvas = (16382).to_bytes(3, "little") * 2
    body = b"\0\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", 12 + len(body)) + b"WEBPVP8X" + struct.pack("<I", len(body)) + body


PICTURES: dict[str, Callable[[], bytes]] = {
    "a WebP of 34 bytes": _webp_of_34_bytes,
    "a WebP with only a canvas": _webp_extended,
    "a large WebP": lambda: _saved("RGB", 4000, "WEBP", lossless=True, method=0),
    "a large WebP with transparency": lambda: _saved("RGBA", 3400, "WEBP", lossless=True, method=0),
    "a PNG": lambda: _png("RGB", 8, 2),
    "a PNG of 16 bits": lambda: _png("I;16", 16, 0),
    "a PNG of 16 bits and three colours": lambda: _png("RGB", 16, 2),
    "a PNG of 16 bits with transparency": lambda: _png("RGBA", 16, 6),
    "a PNG of one bit": lambda: _png("1", 1, 0, side=8184),
    "a PNG with a palette and transparency": lambda: _png("P", 8, 3, palette=b"\0" * 768, transparent=b"\0" * 256),
    "a PNG of grey and transparency": lambda: _png("LA", 8, 4),
    "a PNG with one transparent colour": lambda: _png("RGB", 8, 2, transparent=b"\0" * 6),
    "a JPEG": lambda: _saved("RGB", SIDE, "JPEG"),
    "a JPEG that lies on its side": lambda: _saved("RGB", 5700, "JPEG", exif=_turned()),
    "a progressive JPEG": lambda: _saved("RGB", 6000, "JPEG", progressive=True, subsampling=0),
    "a JPEG for print": lambda: _saved("CMYK", 5700, "JPEG"),
    "a GIF": lambda: _saved("P", 5000, "GIF", transparency=0),
    "a BMP": lambda: _saved("RGB", 4000, "BMP"),
    "a TIFF": lambda: _saved("RGB", 4600, "TIFF", compression="tiff_lzw"),
    "a TIFF of 16 bits": lambda: _saved("I;16", 4600, "TIFF", compression="tiff_lzw"),
    "an AVIF": lambda: _saved("RGB", 3300, "AVIF", speed=10),
}


def make(name: str) -> bytes:
    """The bytes of one of ``PICTURES``."""
    return PICTURES[name]()
