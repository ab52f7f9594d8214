"""Disjoint sets: which pictures belong together, from pairs that do (union-find, Tarjan 1975)."""

from collections.abc import Iterable


class DisjointSets:
    """Members, each alone at first; ``join`` unites the sets of two of them."""

    def __init__(self, members: Iterable[str]) -> None:
        self._parent = {member: member for member in members}

    def __contains__(self, member: object) -> bool:
        return member in self._parent

    def join(self, one: str, other: str) -> None:
        """Unite the sets of two members.

        Raises:
            KeyError: not a member.
        """
        self._parent[self.root(one)] = self.root(other)

    def root(self, member: str) -> str:
        """The member that stands for the set: the same for all members of a set.

        Raises:
            KeyError: not a member.
        """
        while self._parent[member] != member:
            self._parent[member] = self._parent[self._parent[member]]  # path halving
            member = self._parent[member]
        return member

    def sets(self) -> list[list[str]]:
        """Every set, in the order of its first member; the members in the order given."""
        found: dict[str, list[str]] = {}
        for member in self._parent:
            found.setdefault(self.root(member), []).append(member)
        return list(found.values())
