"""Mistakes of form: what is returned, kept and changed, whatever its numbers are."""

from bnproof.engine.model.result import Cause

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

HINTS = {
    "form/results": "What does the last line of the function return, and what does the exercise "
    "ask it to return?",
    "form/order": "PartTrials at the order of what you return, and at what the caller expects.",
    "form/cache-is-none": "What will backward need of what forward knows? It sees nothing else.",
    "form/shape": "Print the shape of each result beside that of the input that it belongs to. "
    "Does keepdims, or an axis that is left, play a part?",
    "form/dtype": "Print the dtype of each result. Where do digits get lost?",
    "form/not-an-array": "Print the type of each result.",
    "form/statistics-not-stored": "The names in your function end with it. How does the next call "
    "get to know what this one has averaged?",
    "form/statistics-not-created": "At the very first call nobody has averaged anything yet. What "
    "does your function find in bn_param then?",
    "form/lost-keys": "Whose is bn_param, and what else may be in it?",
    "form/changes-inputs": "Print the input before and after the call. Which of your lines write "
    "into an array that somebody else has given you?",
    "form/depends-on-earlier-calls": "Call the function with a, then with b, then with a again. "
    "What does it remember, and where?",
    "form/cache-not-enough": "A network has many such layers: all forward passes run before the "
    "first backward pass. What does yours use that a later forward pass has replaced?",
    "form/changes-cache": "Call backward twice with the same cache. Which of your lines write "
    "into it?",
}
"""Hints by id."""

RAISED = (
    (
        "could not be broadcast",
        (
            "Print the shapes of all arrays in that line. Which axis was summed "
            "away, and which should have been?"
        ),
    ),
    ("KeyError", "Print the keys of the dictionary there, and compare the spelling."),
    ("NameError", "Where should this name have got its value?"),
    ("UnboundLocalError", "In which mode does this name get its value, and in which is it used?"),
    ("not enough values to unpack", "What does the other side put there, and in which order?"),
    ("too many values to unpack", "What does the other side put there, and in which order?"),
    ("", "Run this line alone, and print everything that it uses."),
)
"""Hints by what an exception says; the first that fits."""


def hint_for_exception(said: str) -> str:
    """The hint for an exception.

    >>> hint_for_exception("KeyError: 'mean'")
    'Print the keys of the dictionary there, and compare the spelling.'
    """
    return next(hint for words, hint in RAISED if words in said)
