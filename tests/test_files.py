"""A file is replaced whole or stays as it was, and what the system said is told in one line."""

import pytest

from whatsit.errors import DataError
from whatsit.files import write_file, write_files

# A limit of the system, not a mock: the kernel refuses the write in its middle, as a full disk does.
LIMITED = """
import resource, signal, sys
from pathlib import Path
from whatsit.files import write_file
from whatsit.errors import DataError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_file(Path(sys.argv[1]), bytes(10_000))
except DataError as error:
    print(error)
"""


def test_a_write_that_the_system_refuses_in_its_middle_leaves_the_old_file_and_says_what_helps(tmp_path, run_python):
    target = tmp_path / "splits.csv"
    write_file(target, b"before")
    done = run_python(LIMITED, target)
    assert done.stdout == f"cannot write {target}: File too large; free some space and try again\n"
    assert [path.name for path in tmp_path.iterdir()] == ["splits.csv"]
    assert target.read_bytes() == b"before"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere/a: No such file or directory; choose a folder that is there"):
        write_file(tmp_path / "nowhere" / "a", b"")


def test_files_that_belong_together_change_together(tmp_path):
    write_files({tmp_path / "a": b"1", tmp_path / "b": b"1"})
    with pytest.raises(DataError):
        write_files({tmp_path / "a": b"2", tmp_path / "nowhere" / "b": b"2"})
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"1", b"1"]
