"""Where the command begins: Ctrl-C is answered quietly from here on, also while everything else is being loaded."""

import sys


def main() -> None:
    """Run the command line, see ``whatsit.cli.app.main``; exit status 130 after a Ctrl-C while it was being loaded."""
    try:
        import os
        import signal

        # Until the command is loaded there is nothing to tidy up, and libraries being loaded would print the interrupt.
        usual = signal.getsignal(signal.SIGINT)
        if usual is signal.default_int_handler:  # else the shell has it ignored
            signal.signal(signal.SIGINT, lambda *_: os._exit(130))
        from whatsit.cli.app import main as run

        signal.signal(signal.SIGINT, usual)
        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
