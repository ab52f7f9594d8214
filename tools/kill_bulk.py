"""Kill runs of ``whatsit bulk`` and their processes at random moments, and compare the rows with what they must be.

``python tools/kill_bulk.py --kills 30 --seed 7`` prints how many kills there were and what was wrong; exit status 1
where anything was. ``--kills 0 --pictures 1000000`` is one run of a long list, with its time and its memory.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "bulk")]

from bulk_oracle import compare, go, make_pile  # noqa: E402

from small_models import small_classifier  # noqa: E402
from whatsit.tflite.flatbuffer import write_model  # noqa: E402


def main() -> None:
    """Kill as often as asked and say what was found."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=30)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--pictures", type=int, default=20_000)
    asked = options.parse_args()
    chance, kills, wrong = random.Random(asked.seed), Counter[str](), []
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        model = room / "small.tflite"
        model.write_bytes(write_model(small_classifier().model))
        pile = make_pile(room, model.read_bytes(), asked.pictures)
        out, runs = room / "out", 0
        while kills.total() < asked.kills:
            whom = chance.choice(("run", "worker"))
            done = go(pile, out, model, whom, chance.randrange(1, 30))
            if done.returncode < 0 or whom == "worker":
                kills[whom] += 1
            if done.returncode == 0:  # whole: look, and begin again
                runs += 1
                wrong += compare(out, pile)
                shutil.rmtree(out)
            elif done.returncode > 0:
                wrong.append(done.stderr[-500:])
                break
            sys.stdout.write(f"{kills.total()} kills, {runs} runs ended, {len(wrong)} wrong\n")
            sys.stdout.flush()
        if out.exists() or not asked.kills:
            began = time.monotonic()
            done = go(pile, out, model)
            sys.stdout.write(f"the last run: {time.monotonic() - began:.0f} s, {done.stdout.strip()}\n")
            wrong += compare(out, pile)
    counts = ", ".join(f"{count} of the {whom}" for whom, count in kills.items()) or "no kills"
    sys.stdout.write("\n".join([f"{counts}; {asked.pictures:,} pictures a run", *wrong, f"{len(wrong)} wrong"]) + "\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
