"""What stragglers and lost nodes cost a bulk run, worked out part by part.

``python tools/simulate_bulk.py --rate 30`` prints a table for a million, a hundred million and ten thousand million
pictures on clusters of several sizes. The rule is that of ``whatsit.bulk.dispatch``: who is free takes the next part,
and a part whose node is lost is made again by another. Nodes differ: some are slow, parts take longer or shorter, nodes
are lost now and then and come back.
"""

import argparse
import heapq
import random
import sys
from dataclasses import dataclass

PART = 1000
SIMULATED = 1_000_000
"""Parts at most; larger runs are simulated in this proportion, the end apart."""


@dataclass(frozen=True)
class Cluster:
    """Machines, and how they fail."""

    nodes: int
    cores: int
    rate: float
    """Pictures a second and core."""
    slow_nodes: float
    """Share of nodes that take three times as long."""
    hours_between_losses: float
    """Of one node, on average."""
    hours_away: float
    spread: float
    """Standard deviation of the logarithm of a part's time."""


@dataclass(frozen=True)
class Outcome:
    """Of one run."""

    hours: float
    perfect: float
    """Hours if all cores were equal and nothing was lost."""
    remade: int
    """Parts in hand when their node was lost."""
    tail: float
    """Hours from the first idle core to the end."""


def simulate(cluster: Cluster, pictures: int, seed: int) -> Outcome:
    """One run of so many pictures."""
    parts = -(-pictures // PART)
    shown = min(parts, max(SIMULATED, 20 * cluster.nodes * cluster.cores))
    chance = random.Random(seed)
    base = PART / cluster.rate / 3600
    slow = [3.0 if chance.random() < cluster.slow_nodes else 1.0 for _ in range(cluster.nodes)]
    loss = [chance.expovariate(1 / cluster.hours_between_losses) for _ in range(cluster.nodes)]
    free = [(0.0, core) for core in range(cluster.nodes * cluster.cores)]
    waiting, remade, end, first_idle = shown, 0, 0.0, None
    heapq.heapify(free)
    # Parts that a lost node had in hand come back to the queue when it is lost.
    back: list[float] = []
    while waiting or back:
        now, core = heapq.heappop(free)
        node = core // cluster.cores
        while now >= loss[node] + cluster.hours_away:
            loss[node] += cluster.hours_away + chance.expovariate(1 / cluster.hours_between_losses)
        if now >= loss[node]:
            heapq.heappush(free, (loss[node] + cluster.hours_away, core))
            continue
        if not waiting:
            first_idle = now if first_idle is None else first_idle
            if back[0] > now:
                heapq.heappush(free, (back[0], core))
                continue
            heapq.heappop(back)
        else:
            waiting -= 1
        done = now + base * slow[node] * chance.lognormvariate(0, cluster.spread)
        if done > loss[node]:
            remade += 1
            heapq.heappush(back, loss[node])
            heapq.heappush(free, (loss[node] + cluster.hours_away, core))
        else:
            end = max(end, done)
            heapq.heappush(free, (done, core))
    tail = end - (first_idle if first_idle is not None else min(time for time, _ in free))
    steady = (end - max(0.0, tail)) * parts / shown
    perfect = pictures / (cluster.rate * cluster.nodes * cluster.cores) / 3600
    return Outcome(steady + max(0.0, tail), perfect, round(remade * parts / shown), max(0.0, tail))


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rate", type=float, default=30.0, help="pictures a second and core")
    options.add_argument("--cores", type=int, default=8, help="of a node")
    options.add_argument("--slow", type=float, default=0.02, help="share of nodes that are three times as slow")
    options.add_argument("--loss", type=float, default=720.0, help="hours between two losses of one node")
    options.add_argument("--away", type=float, default=0.5, help="hours until a lost node is back")
    options.add_argument("--spread", type=float, default=0.3, help="of the logarithm of a part's time")
    options.add_argument("--seed", type=int, default=7)
    asked = options.parse_args()
    sys.stdout.write(f"{'pictures':>14} {'nodes':>6} {'perfect':>10} {'simulated':>10} {'remade':>8} {'tail':>8}\n")
    for pictures, sizes in ((10**6, (1, 10)), (10**8, (10, 100)), (10**10, (100, 1000))):
        for nodes in sizes:
            cluster = Cluster(
                nodes, asked.cores, asked.rate, asked.slow, asked.loss, asked.away, asked.spread
            )  # fmt: skip
            found = simulate(cluster, pictures, asked.seed)
            sys.stdout.write(
                f"{pictures:>14,} {nodes:>6,} {found.perfect:>8.1f} h {found.hours:>8.1f} h {found.remade:>8,} "
                f"{60 * found.tail:>4.0f} min\n"
            )


if __name__ == "__main__":
    main()
