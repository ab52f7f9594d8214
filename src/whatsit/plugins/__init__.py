"""What installed packages add: rows of tables, chosen by name or by address, and optional dependencies."""

from whatsit.plugins.address import Address
from whatsit.plugins.address_table import AddressedRow, AddressTable
from whatsit.plugins.option import FlagOption, NumberOption, Option, SizeOption, TextOption
from whatsit.plugins.requirement import EXTRAS, Requirement
from whatsit.plugins.table import BrokenPlugin, Table, tables

__all__ = [
    "EXTRAS",
    "Address",
    "AddressTable",
    "AddressedRow",
    "BrokenPlugin",
    "FlagOption",
    "NumberOption",
    "Option",
    "Requirement",
    "SizeOption",
    "Table",
    "TextOption",
    "tables",
]
