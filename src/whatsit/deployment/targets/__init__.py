"""The deploy targets by name. Packages add more by entry points in the group ``whatsit.targets``."""

from whatsit.deployment.target import Target
from whatsit.plugins import Table

TARGETS: Table[Target] = Table(
    "whatsit.targets",
    Target,
    {
        "litert": "whatsit.deployment.targets.litert:LITERT",
        "teachable-machine": "whatsit.deployment.targets.teachable_machine:TEACHABLE_MACHINE",
        "mediapipe": "whatsit.deployment.targets.mediapipe:MEDIAPIPE",
        "frigate": "whatsit.deployment.targets.frigate:FRIGATE",
        "maixpy": "whatsit.deployment.targets.maixpy:MAIXPY",
        "c-array": "whatsit.deployment.targets.c_array:C_ARRAY",
    },
)
