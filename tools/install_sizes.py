"""Measure what an installation takes on disk: each set of extras in an environment of its own, without pip.

Usage: python tools/install_sizes.py [EXTRAS ...], such as  python tools/install_sizes.py '' teach,studio
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETS = ("", "teach", "studio", "opencv", "opencv,studio,teach", "all")


def main() -> None:
    print("| installed | MB on disk |\n| --- | --- |")
    for extras in sys.argv[1:] or SETS:
        with tempfile.TemporaryDirectory() as folder:
            name = f"whatsit[{extras}]" if extras else "whatsit"
            print(f"| `{name}` | {installed(extras, Path(folder)) / 1e6:.0f} |", flush=True)


def installed(extras: str, folder: Path) -> int:
    """Bytes of the files of the packages, bytecode included."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin/python"
    what = f"{ROOT}[{extras}]" if extras else str(ROOT)
    subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", what], check=True)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


if __name__ == "__main__":
    main()
