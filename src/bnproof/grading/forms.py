"""Mistakes of form: what is returned, kept and changed, whatever its numbers are."""

from bnproof.properties.result import Cause

FORMS = {
    cause.id: cause
    for cause in (
        Cause(
            "form/results",
            "The number of results is not that of the exercise.",
            "Return a tuple of as many results as the exercise names.",
        ),
        Cause(
            "form/order",
            "The results are returned in another order.",
            "Return (out, cache), and (dx, dgamma, dbeta).",
        ),
        Cause(
            "form/cache-is-none",
            "Nothing is cached in train mode, and backward is given nothing else.",
            "Return as cache all that the backward pass needs.",
        ),
        Cause(
            "form/shape",
            "A result has another shape than what it belongs to.",
            "out and dx have the shape of x; dgamma, dbeta and the statistics that of gamma.",
        ),
        Cause(
            "form/dtype",
            "A result is of lower precision than the inputs, which are float64.",
            "Keep the dtype of x.",
        ),
        Cause(
            "form/not-an-array",
            "A result is not an array of numbers.",
            "Return NumPy arrays.",
        ),
        Cause(
            "form/statistics-not-stored",
            "bn_param has no running mean or no running variance after the call.",
            "Store both of them in bn_param again.",
        ),
        Cause(
            "form/statistics-not-created",
            "The first call, for which bn_param has no running statistics yet, goes wrong.",
            "Start from zeros where bn_param has none.",
        ),
        Cause(
            "form/lost-keys",
            "bn_param loses what else was in it.",
            "Set the running statistics in bn_param, and leave its other keys alone.",
        ),
        Cause(
            "form/changes-inputs",
            "An input is modified in place, which the caller still needs.",
            "Form new arrays: no -=, *= or [...] = on an input.",
        ),
        Cause(
            "form/depends-on-earlier-calls",
            "The same call gives other results after other calls.",
            "Keep nothing outside of bn_param and the cache.",
        ),
        Cause(
            "form/cache-not-enough",
            "Backward uses something that is not in its cache, and that later calls replace.",
            "Put it into the cache that forward returns.",
        ),
        Cause(
            "form/changes-cache",
            "A second backward with the same cache and dout gives other gradients.",
            "Leave the cache as it is: form new arrays.",
        ),
    )
}
"""All of them by id."""
