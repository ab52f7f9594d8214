"""The display's page: the newest picture on a canvas, a mouse or a finger as the touch panel."""

from whatsit.maix.page.server import start_page

__all__ = ["start_page"]
