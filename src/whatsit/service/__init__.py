"""whatsit as a service of systemd: the unit, its installation, and the watchdog."""
