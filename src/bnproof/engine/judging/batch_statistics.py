"""Whether statistics are those of the batch, exactly or within their bound."""

import math
from dataclasses import replace
from fractions import Fraction

from bnproof.engine.contract.choices import Variance
from bnproof.engine.judging.expectation import expected
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.truth.oracle import error


def holds_batch_statistics(record: Record) -> bool:
    """Whether the statistics given are exactly those that training normalises by."""
    if record.train is None:
        return False
    count = record.case.count
    bessel = Fraction(count, count - 1) if record.declaration.normalises_unbiased else 1
    exact = [None if s is None else (s[0], s[1] * bessel) for s in record.train.truth.statistics]
    given = zip(record.case.running_mean, record.case.running_var, strict=True)
    return exact == [_fractions(float(mean), float(var)) for mean, var in given]


def _fractions(mean: float, var: float) -> tuple[Fraction, Fraction] | None:
    finite = math.isfinite(mean) and math.isfinite(var)
    return (Fraction(mean), Fraction(var)) if finite else None


def fits_variance(record: Record, judged: Judged, *, unbiased: bool) -> bool:
    """Whether a running variance is what one of the two estimators gives, within its bound."""
    judge = Judge(record.declaration, record.case.dtype)
    settings = judge.settings(record.case)[0]
    estimator: Variance = "unbiased" if unbiased else "biased"
    declaration = replace(record.declaration, running_variance=estimator)
    subject = expected(declaration, record.case, settings, "train")
    truth = subject.quantities.truth.values["running_var"]
    bound = subject.bound(judge.declared, "running_var")
    return bool((error(judged.got, truth) <= bound).all())
