"""Where the command starts. Ctrl-C ends it quietly from here on, also while everything else is being loaded."""

import sys


def main() -> None:
    """Run the command line, see ``whatsit.cli.app.main``; exit status 130 after a Ctrl-C while it was being loaded."""
    try:
        import os
        import signal

        # Until the command is loaded there is nothing to tidy up, and libraries being loaded would print the interrupt.
        usual = signal.getsignal(signal.SIGINT)
        if usual is signal.default_int_handler:  # otherwise the shell has it ignored
            signal.signal(signal.SIGINT, lambda *_: os._exit(130))
        # ``python -m`` puts the working folder first: a user's secrets.py there would be imported for the real one.
        ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib is not loaded
        if sys.path[:1] == [os.getcwd()] != [ours]:  # noqa: PTH109
            del sys.path[0]
        from whatsit.cli.app import main as run

        signal.signal(signal.SIGINT, usual)
        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
