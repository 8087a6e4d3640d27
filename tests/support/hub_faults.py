"""What a Hub does wrong in tests: each fault hits the requests whose path holds its text."""

from threading import Barrier

from attrs import define, field


@define
class Fault:
    """A fault.

    Attributes:
        of: A part of the path of the requests that it hits: a file's name, `/api/`, `/cdn/` …
        times: How many requests it hits.
        hit: How many it has hit.
    """

    of: str
    times: int = field(default=10**9, kw_only=True)
    hit: int = field(default=0, init=False)

    def strikes(self, path: str) -> bool:
        """Return whether it hits a request, and count it."""
        struck = self.of in path and self.hit < self.times
        self.hit += struck
        return struck


@define
class Cut(Fault):
    """The connection ends after some bytes of the body."""

    after: int = field(kw_only=True)


@define
class Refusal(Fault):
    """The answer is a status."""

    status: int = field(default=503, kw_only=True)
    headers: dict[str, str] = field(factory=dict, kw_only=True)


@define
class Delay(Fault):
    """The answer comes late, or its body stops for a while."""

    seconds: float = field(kw_only=True)


@define
class WrongBytes(Fault):
    """One byte of the body, by its offset in the file, is another."""

    offset: int = field(default=0, kw_only=True)


@define
class NoRanges(Fault):
    """The whole file comes, whichever part was asked for."""


@define
class Page(Fault):
    """A page of HTML comes, as from a network that asks for a login."""


@define
class Meeting(Fault):
    """The answer comes once as many requests are there as the barrier waits for."""

    barrier: Barrier = field(kw_only=True)
