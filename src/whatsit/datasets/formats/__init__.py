"""Layouts of labelled pictures, read and written: one file per layout, listed in ``FORMATS``.

A package adds a layout by an entry point in the group ``whatsit.formats`` that names a ``Format``.
"""

from whatsit.datasets.formats.format import Format
from whatsit.plugins import Table

FORMATS: Table[Format] = Table(
    "whatsit.formats",
    Format,
    {
        "folder": "whatsit.datasets.formats.class_folders:FORMAT",
        "split": "whatsit.datasets.formats.split_folders:FORMAT",
        "csv": "whatsit.datasets.formats.csv_list:FORMAT",
        "json": "whatsit.datasets.formats.json_list:FORMAT",
        "coco": "whatsit.datasets.formats.coco:FORMAT",
        "fiftyone": "whatsit.datasets.formats.fiftyone:FORMAT",
        "label-studio": "whatsit.datasets.formats.label_studio:FORMAT",
        "cvat": "whatsit.datasets.formats.cvat:FORMAT",
        "edge-impulse": "whatsit.datasets.formats.edge_impulse:FORMAT",
        "teachable-machine": "whatsit.datasets.formats.teachable_machine:FORMAT",
        "frigate": "whatsit.datasets.formats.frigate:FORMAT",
        "project": "whatsit.datasets.formats.project_folder:FORMAT",
    },
)
"""Every layout by the name it has on the command line."""
