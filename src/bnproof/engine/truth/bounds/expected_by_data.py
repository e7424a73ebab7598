"""A cache of truths and bounds, found again by the content of the data."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import blake2b
from weakref import ref

from bnproof.engine.model.case import ARRAYS, Case, columns
from bnproof.engine.model.formats import name_of
from bnproof.engine.truth.bounds.expected import Conventions, Expected, Settings
from bnproof.engine.truth.bounds.repeated import subject_of
from bnproof.engine.truth.bounds.side_by_side import SideBySide, groups, is_small

FEW = 1024
"""Subjects in use that are remembered before those that ended are forgotten."""


class ExpectedByData:
    """The subjects formed last, and those in use, found again by the content of their arrays.

    Attributes:
        limit: elements of x that are kept in all; larger data sets are not kept.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held = 0
        self._subjects: OrderedDict[bytes, Expected] = OrderedDict()
        # a WeakValueDictionary runs Python code when a value ends, where a Ctrl-C would be lost
        self._in_use: dict[bytes, ref[Expected]] = {}
        self._most_in_use = FEW
        self._foreseen: dict[bytes, tuple[SideBySide | None, int]] = {}

    def foresee(
        self,
        cases: Iterable[tuple[Case, Settings]],
        *,
        unbiased: Callable[[int], bool],
        normalises_unbiased: bool,
    ) -> None:
        """Have the truths of small cases formed side by side, as soon as that of one is asked for.

        ``unbiased`` tells which variance the running average takes in each rank.  What was foreseen
        before, and was not asked for, is forgotten.  Data that several cases have is formed once.
        """

        def key_of(case: Case, settings: Settings, *, inference: bool) -> bytes:
            return _key(case, settings, conventions(case, inference=inference))

        def conventions(case: Case, *, inference: bool) -> Conventions:
            return conventions_of(
                inference=inference,
                unbiased=unbiased(case.x.ndim),
                normalises_unbiased=normalises_unbiased,
            )

        self._foreseen = {}
        distinct: dict[bytes, tuple[Case, Settings]] = {}
        for case, settings in cases:
            if is_small(case) and (
                self._kept(key := key_of(case, settings, inference=False)) is None
            ):
                distinct.setdefault(key, (case, settings))
        for group in groups(distinct.values(), unbiased):
            made: SideBySide | None = None
            for inference in (False, True):
                made = SideBySide(group, conventions(group[0][0], inference=inference), made)
                for number, (case, settings) in enumerate(group):
                    self._foreseen[key_of(case, settings, inference=inference)] = made, number

    def forget(self) -> None:
        """Forget what was foreseen and not asked for."""
        self._foreseen = {}

    def of(
        self,
        case: Case,
        settings: Settings,
        like: Expected | None = None,
        /,
        *,
        inference: bool,
        unbiased: bool = True,
        normalises_unbiased: bool = False,
    ) -> Expected:
        """The subject of a case, made if it is not among those that are kept.

        Arguments as those of `make_subject`.
        """
        conventions = conventions_of(
            inference=inference, unbiased=unbiased, normalises_unbiased=normalises_unbiased
        )
        key = _key(case, settings, conventions)
        if (found := self._kept(key)) is not None:
            return found
        group, number = self._foreseen.pop(key, (None, 0))
        if group is None:
            subject = subject_of(case, settings, like, **conventions)
        else:
            subject = group.part(number)
        self._note_use(key, subject)
        if case.x.size <= self.limit // 16:
            self._subjects[key] = subject
            self._held += case.x.size
            while self._held > self.limit:
                _, dropped = self._subjects.popitem(last=False)
                self._held -= dropped.quantities.x.size
        return subject

    def _kept(self, key: bytes) -> Expected | None:
        """The subject that is kept, or that a record holds, which costs no memory."""
        if key in self._subjects:
            self._subjects.move_to_end(key)
            return self._subjects[key]
        return self._in_use[key]() if key in self._in_use else None

    def _note_use(self, key: bytes, subject: Expected) -> None:
        """Remember a subject as long as something else holds it; forget those that ended."""
        self._in_use[key] = ref(subject)
        if len(self._in_use) > self._most_in_use:
            self._in_use = {k: held for k, held in self._in_use.items() if held() is not None}
            self._most_in_use = 2 * len(self._in_use) + FEW


EXPECTED = ExpectedByData(2**18)
"""The cache of this process."""


def conventions_of(*, inference: bool, unbiased: bool, normalises_unbiased: bool) -> Conventions:
    """Those that matter in a mode: how training normalises does not in inference."""
    return Conventions(
        inference=inference,
        unbiased=unbiased,
        normalises_unbiased=normalises_unbiased and not inference,
    )


def _key(case: Case, settings: Settings, conventions: Conventions) -> bytes:
    """What the truth depends on: the values of each channel, in whatever rank they come."""
    arrays = [getattr(case, name) for name in ARRAYS]
    dtypes = [a if a is None else name_of(a.dtype) for a in arrays]
    key = blake2b(
        repr((settings, conventions, case.count, case.channels, dtypes)).encode(),
        digest_size=16,
    )
    for a in arrays:
        if a is not None:
            key.update((columns(a) if a.ndim > 1 else a).tobytes())
    return key.digest()
