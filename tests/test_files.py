"""A file is replaced whole or stays as it was, a read has a limit, and an error is the system's reason in one line."""

import os
import socket
from pathlib import Path

import pytest

from whatsit.errors import DataError, ModelError
from whatsit.files import read_bounded, write_file, write_files

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
    with pytest.raises(DataError, match=r"nowhere/a: No such file or directory; choose a folder that exists"):
        write_file(tmp_path / "nowhere" / "a", b"")


def test_files_that_belong_together_change_together(tmp_path):
    write_files({tmp_path / "a": b"1", tmp_path / "b": b"1"})
    with pytest.raises(DataError):
        write_files({tmp_path / "a": b"2", tmp_path / "nowhere" / "b": b"2"})
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"1", b"1"]


def test_a_file_is_read_up_to_its_limit_and_not_beyond(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "model").write_bytes(bytes(range(200)))
    assert read_bounded(tmp_path / "empty", 0) == b""
    assert read_bounded(tmp_path / "model", 200) == bytes(range(200))
    with pytest.raises(ModelError, match=r"model: 200 bytes, more than the 199 allowed for a \.tflite model$"):
        read_bounded(tmp_path / "model", 199, "a .tflite model", error=ModelError)


def test_a_file_that_lies_about_its_size_is_stopped_at_the_limit():
    assert Path("/proc/self/status").stat().st_size == 0  # as a file that grows while it is read
    assert b"Name:" in read_bounded("/proc/self/status", 2**20)
    with pytest.raises(DataError, match="more than the 10 bytes allowed"):
        read_bounded("/proc/self/status", 10)


@pytest.mark.parametrize("kind", ["folder", "fifo", "socket", "device", "link to a device"])
def test_what_is_not_a_file_is_refused_by_name_without_waiting(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    if kind == "folder":
        Path("it").mkdir()
    elif kind == "fifo":
        os.mkfifo("it")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("it")
    else:
        Path("it").symlink_to("/dev/zero")
    path = "/dev/zero" if kind == "device" else "it"
    with pytest.raises(DataError, match=f"^{path}: not a file; expected a label file$"):
        read_bounded(path, 10, "a label file")


@pytest.mark.parametrize("path", ["nowhere", "file/inside", "a\0b"])
def test_a_file_that_is_not_there_is_named(tmp_path, path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="no such file; expected a label file"):
        read_bounded(tmp_path / path, 10, "a label file")
