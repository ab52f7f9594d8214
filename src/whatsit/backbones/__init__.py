"""The backbones by name. Packages add more by entry points in the group ``whatsit.backbones``."""

from whatsit.backbones.spec import BackboneSpec
from whatsit.plugins import Table

DEFAULT = "lite0"
"""The backbone where none is named; it comes with the core."""

BACKBONES: Table[BackboneSpec] = Table(
    "whatsit.backbones",
    BackboneSpec,  # type: ignore[type-abstract]  # its rows are of concrete subclasses
    {
        "lite0": "whatsit.backbones.lite:LITE0",
        "lite1": "whatsit.backbones.lite:LITE1",
        "lite2": "whatsit.backbones.lite:LITE2",
    },
)
