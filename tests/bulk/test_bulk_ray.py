"""Ray's actors write the same parts as the processes of this machine, on one node and on two of which one dies."""

import os
import re
import secrets
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from bulk_oracle import compare, make_pile

from whatsit import bulk
from whatsit.bulk.engines.here import HereEngine

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'whatsit[ray]'")
PAGE = Path(__file__).parents[2] / "docs" / "scale.md"

# Ray's own code leaves sockets and files to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A token of this test's own: Ray would keep one in the user's home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))


@pytest.fixture(scope="module")
def pile(bulk_model, tmp_path_factory):
    """4,300 paths, one in a hundred of them rubbish."""
    return make_pile(tmp_path_factory.mktemp("ray-pile"), bulk_model.read_bytes(), 4300)


def same_bytes(out, other):
    """Whether two runs have the same parts."""
    names = [path.name for path in sorted(out.glob("part-*"))]
    assert names == [path.name for path in sorted(other.glob("part-*"))] and len(names) == 5
    return all((out / name).read_bytes() == (other / name).read_bytes() for name in names)


@pytest.fixture(scope="module")
def expected(pile, bulk_model, tmp_path_factory):
    """The same run without any processes."""
    out = tmp_path_factory.mktemp("ray-expected") / "out"
    bulk.run(pile.listed, out, bulk_model, engine=HereEngine())
    return out


def go(pile, out, model, address="-", node="-"):
    """The run in a process of its own, as Ray keeps what it knows of a cluster for as long as its process lives."""
    script = Path(__file__).with_name("ray_bulk.py")
    paths = os.pathsep.join([str(PAGE.parents[1] / "src"), *sys.path])
    done = subprocess.run(
        [sys.executable, script, pile.listed, out, model, address, str(node)],
        env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def test_ray_on_one_machine_writes_the_same_bytes_and_what_died_is_made_again(pile, bulk_model, expected, tmp_path):
    go(pile, tmp_path / "out", bulk_model)
    assert compare(tmp_path / "out", pile) == [] and same_bytes(tmp_path / "out", expected)


def test_a_cluster_is_used_as_the_page_says_and_a_node_that_dies_is_made_good(pile, bulk_model, expected, tmp_path):
    (block,) = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    head, node, command = [line.removeprefix("$ ") for line in block.splitlines()]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, nodes = f"127.0.0.1:{port}", []
    try:
        for line in (head, node):
            words = line.replace("10.0.0.1:6379", address).replace("--port 6379", f"--port {port}").split()
            assert words[:2] == ["ray", "start"] and "--block" in words
            nodes.append(started([*words[2:], "--num-cpus", "1"]))
        assert command.split()[:2] == ["whatsit", "bulk"] and command.endswith("--engine ray --address 10.0.0.1:6379")
        go(pile, tmp_path / "out", bulk_model, address, nodes[1].pid)
        assert compare(tmp_path / "out", pile) == [] and same_bytes(tmp_path / "out", expected)
        assert nodes[1].wait() is not None and nodes[0].poll() is None
    finally:
        for one in reversed(nodes):
            one.terminate()
            one.wait()


def started(arguments):
    """``ray start …``, once it says that it runs."""
    script = "import sys; from ray.scripts.scripts import main; sys.argv[0] = 'ray'; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", script, "start", *arguments, "--disable-usage-stats"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Ray runtime started" in line:
            break
    else:
        pytest.fail(said)
    return process
