"""At most so many requests in any second, counted over all processes of the machine.

As many slots as requests are allowed in a second; each is a file that is locked while a request is under way. A slot
serves again only when more than a second has passed since the answer to its last request came. A request reaches
PubMed after it was sent and before it is answered, so two requests of one slot reach it more than a second apart,
whatever the network does, and no second sees more requests than there are slots.

The files lie in a folder of the user's cache, which all of the user's processes share: SYNTH_SLOTS names another one.
Each key has its own folder there, named after a hash of it, as PubMed counts by key. The system frees the lock of a
process that is killed; its slot rests for a second from when that is seen. To delete the folder while requests are
under way makes it forget them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from synth.errors import ParameterError, RequestError, SearchError
from synth.search.policy import Clock, duration

#: Requests a second that NCBI allows.
WITHOUT_KEY, WITH_KEY = 3, 10
#: Seconds that a slot rests after an answer: one, and a little for clocks that are not exact.
REST = 1.05

_BUSY = b"busy"
_LOOK_AGAIN = 0.02


class Slots:
    """Slots for requests, shared by every process that uses the same folder.

    Parameters
    ----------
    folder : Path
        Made where it does not exist.
    count : int
        Requests allowed in a second.
    rest : float
        Seconds from an answer to the next request of the same slot.
    clock : Clock, optional
        Of the machine, unless another is given; all processes must see the same one.
    """

    def __init__(self, folder: Path, count: int, rest: float = REST, clock: Clock | None = None) -> None:
        if count < 1 or rest < 0:
            raise ParameterError(f"slots: {count} requests a second with a rest of {rest} s; at least 1 and 0 s")
        self.folder, self.count, self.rest = folder, count, rest
        self._clock = clock or Clock()

    @classmethod
    def of_key(cls, key: str | None, environ: Mapping[str, str] = os.environ) -> Slots:
        """The slots of everyone on this machine who uses this key, or who uses none."""
        if key is None:
            return cls(slots_folder(environ) / "no-key", WITHOUT_KEY)
        name = hashlib.sha256(b"slots of an NCBI key: " + key.encode()).hexdigest()[:16]
        return cls(slots_folder(environ) / f"key-{name}", WITH_KEY)

    @contextmanager
    def held(self, patience: float) -> Iterator[None]:
        """Hold a slot while a request is under way; leave as soon as its answer begins to come, or has failed.

        Parameters
        ----------
        patience : float
            Seconds to wait for a slot at most.

        Raises
        ------
        RequestError
            No slot became free in that time.
        SearchError
            The folder cannot be used.
        """
        slot = self._taken(patience)
        try:
            yield
        finally:
            _write(slot, b"%d" % (self._clock.now() * 1e9))
            _freed(slot)

    def _taken(self, patience: float) -> int:
        """An open, locked file whose rest is over."""
        until = self._clock.now() + patience
        while True:
            try:
                found = self._coolest()
            except OSError as error:
                raise SearchError(
                    f"{self.folder}: the folder by which processes share the rate of requests cannot be used "
                    f"({error.strerror or error}); name one that can be written in SYNTH_SLOTS"
                ) from error
            if found is not None:
                return self._rested(*found)
            if self._clock.now() >= until:
                raise RequestError(
                    f"{self.folder}: other processes held all {self.count} slots for requests "
                    f"for {duration(patience)}; let them finish, or end those that hang"
                )
            self._clock.sleep(_LOOK_AGAIN * (0.5 + self._clock.chance()))

    def _rested(self, slot: int, wait: float) -> int:
        """A locked slot once its rest is over, marked as being in use."""
        try:
            if wait > 0:
                self._clock.sleep(wait)
            _write(slot, _BUSY)
        except BaseException:
            _freed(slot)
            raise
        return slot

    def _coolest(self) -> tuple[int, float] | None:
        """The locked slot that can serve soonest, with the seconds until then; None where all are taken."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        best: tuple[int, float] | None = None
        first = int(self._clock.chance() * self.count)
        for step in range(self.count):
            slot = _locked(self.folder / f"{(first + step) % self.count}.slot")
            if slot is None:
                continue
            wait = self._wait(slot)
            if best is not None and best[1] <= wait:
                _freed(slot)
                continue
            if best is not None:
                _freed(best[0])
            best = slot, wait
            if wait == 0:
                break
        return best

    def _wait(self, slot: int) -> float:
        """Seconds until a locked slot may serve again."""
        mark = os.pread(slot, 32, 0).strip()
        if not mark:
            return 0.0  # made just now: nothing was ever sent with it
        now = self._clock.now()
        since = now - int(mark) / 1e9 if mark.isdigit() else -1.0
        if since < 0:  # its holder was killed, or the machine was started anew: the answer may have come just now
            _write(slot, b"%d" % (now * 1e9))
            since = 0.0
        return max(0.0, self.rest - since)


def slots_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Folder of all slots: SYNTH_SLOTS, or one in the user's cache."""
    named = environ.get("SYNTH_SLOTS")
    if named:
        return Path(named)
    home = Path.home()
    cache = (
        home / "Library" / "Caches"
        if sys.platform == "darwin"
        else Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
    )
    return cache / "living-evidence-notebooks" / "slots"


def _locked(path: Path) -> int | None:
    """Descriptor of a slot's file, locked; None where somebody else holds it."""
    slot = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(slot)
        return None
    except OSError:
        os.close(slot)
        raise
    return slot


def _freed(slot: int) -> None:
    # Unlocked by name: a process that was forked meanwhile has the same open file, and would go on holding the lock.
    fcntl.flock(slot, fcntl.LOCK_UN)
    os.close(slot)


def _write(slot: int, mark: bytes) -> None:
    os.pwrite(slot, mark.ljust(24), 0)
