"""What is worth knowing of sums of many values, in sentences: findings, not violations."""

from bnproof.engine.model.result import Accuracy, SumsAt


def findings(accuracy: Accuracy) -> list[str]:
    """A sentence for each number of values at which sums behave in another way.

    >>> from bnproof.engine.model.summation import Summation
    >>> few = SumsAt(4099, Summation.EXACT, share=0.01)
    >>> many = SumsAt(33001, Summation.FORWARDS, share=0.01)
    >>> findings(Accuracy("streaming", "streaming", sums=(few, many)))
    ['sums of integers are exact for 4,099 values; for 33,001 they are explained as streaming']
    """
    if not accuracy.sums:
        return []
    few = accuracy.sums[0]
    made = [_switch(few, each) for each in accuracy.sums[1:] if each.switches(few)]
    return made + [_growth(few, each) for each in accuracy.sums[1:] if each.grows(few)]


def _switch(few: SumsAt, many: SumsAt) -> str:
    family = "" if many.summation is None else many.summation.value
    return (
        f"sums of integers are exact for {few.count:,} values; "
        f"for {many.count:,} they are explained as {family}"
    )


def _growth(few: SumsAt, many: SumsAt) -> str:
    return (
        f"errors take {many.growth(few):.2g} times the share of their bound for {many.count:,} "
        f"values that they take for {few.count:,}: "
        "another algorithm, or a mistake that the bound hides"
    )
