"""What a property is: an id, a sentence, a theorem, needs, and one function over records."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.contract.needs import ALLOWED, Need
from bnproof.engine.judging.comparison import Comparison
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.calls import Call
from bnproof.engine.model.demand import Demand
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.names import Output
from bnproof.engine.model.offers import OFFERS, Offer
from bnproof.engine.portfolio.relation import Relation
from bnproof.engine.wording.reasons import NOT_OFFERED, not_tried, why_not

Compare = Callable[[Records], Iterable[Comparison]]
ComparePair = Callable[[Record, Record], Iterable[Comparison]]


@dataclass(frozen=True)
class Property:
    """A property of any batch normalization.

    Attributes:
        id: permanent, kebab-case, never reused.
        statement: one sentence.
        theorem: id of the theorem of the specification behind it.
        needs: what an implementation has to allow and to offer, or what is demanded of a torch
            module.
        compare: the comparisons that it makes on records.
        rests_on: results that have to be right for a failure to say anything new, the likeliest
            first; a failure of the property follows where they are wrong.
    """

    id: str
    statement: str
    theorem: str
    needs: tuple[Need | Offer | Demand, ...]
    compare: Compare = field(repr=False)
    rests_on: tuple[Basis, ...] = ()

    def concerns(self, declaration: Declaration, dtype: str) -> bool:
        """Whether a property is about implementations of this kind, and about a dtype, at all.

        Properties of torch modules are reported for nothing else, and in 32 and 64 bits alone,
        since what a module holds does not depend on the dtype.
        """
        if not any(isinstance(need, Demand) for need in self.needs):
            return True
        return bool(declaration.demands) and not FORMATS[dtype].is_16_bit

    def unsupported(self, declaration: Declaration, dtype: str = "") -> str:
        """Why an implementation is not checked for this property, "" if it is.

        ``dtype`` narrows the question to one of the declared dtypes.
        """
        declared = replace(declaration, dtypes=(dtype,)) if dtype else declaration
        needs = (need for need in self.needs if isinstance(need, Need))
        missing = next((need for need in needs if not ALLOWED[need](declared)), None)
        if missing is not None:
            return why_not(missing, declared)
        demands = (demand for demand in self.needs if isinstance(demand, Demand))
        return next((not_tried(demand, declared) for demand in demands), "")

    def not_offered(self, offers: Collection[tuple[Call, Output]]) -> str:
        """Which result is missing that the property is about, "" if none is.

        ``offers`` are the results that came back, each with its call.
        """
        wanted = (offer for offer in self.needs if isinstance(offer, Offer))
        return next((NOT_OFFERED[o] for o in wanted if not OFFERS[o] & set(offers)), "")

    def untested(self, declaration: Declaration, offers: Collection[tuple[Call, Output]]) -> str:
        """Why nothing is tested of an implementation that offers these parts, "" if it is."""
        return self.unsupported(declaration) or self.not_offered(offers)


def statement(
    id_: str,
    sentence: str,
    *,
    theorem: str,
    needs: tuple[Need | Offer | Demand, ...] = (),
    rests_on: tuple[Basis, ...],
) -> Callable[[Compare], Property]:
    """Make the function below a property: it yields the comparisons on all records.

    The parameters are the fields of `Property`.
    """

    def made(compare: Compare) -> Property:
        return Property(id_, sentence, theorem, needs, compare, rests_on)

    return made


def relation_statement(
    id_: str,
    sentence: str,
    *,
    theorem: str,
    twins: Relation,
    needs: tuple[Need | Offer, ...],
    rests_on: tuple[Basis, ...],
) -> Callable[[ComparePair], Property]:
    """Make the function below a property: it compares each twin of a relation with its base."""

    def made(compare: ComparePair) -> Property:
        def on_all(records: Records) -> Iterator[Comparison]:
            for base, twin in records.twins(twins.name):
                yield from compare(base, twin)

        return Property(id_, sentence, theorem, needs, on_all, rests_on)

    return made
