"""What each exercise file is worth, part by part, as its author meant it.

A part that is not named is right, if its function is in the file.
"""

from dataclasses import dataclass, field
from pathlib import Path

from bnproof.implementations.course_exercise import FUNCTIONS

EXERCISES = Path(__file__).parent / "exercises"

PLAIN = FUNCTIONS[:3]
PAIR = FUNCTIONS[:2]
ALL = FUNCTIONS
WITHOUT_ALT = (*PAIR, *FUNCTIONS[3:])

GIVEN = "right if the functions of the exercise that it calls were right"
CONSISTENT = "right for what its forward pass has cached, which is wrong"


@dataclass(frozen=True)
class Expected:
    """The grade of a file.

    Attributes:
        there: the functions in it.
        parts: (verdict, id of the first cause or "") by part, where that is not plainly right.
        credited: the note by part, where it counts as right all the same.
    """

    there: tuple[str, ...]
    parts: dict[str, tuple[str, str]] = field(default_factory=dict)
    credited: dict[str, str] = field(default_factory=dict)


def wrong(cause: str = "") -> tuple[str, str]:
    """A wrong part and its cause."""
    return ("wrong", cause)


RAISES, TIMED_OUT, CRASHED = ("raises", ""), ("timed-out", ""), ("crashed", "")
NOT_WRITTEN, NOT_GRADABLE = ("not-written", ""), ("not-gradable", "")
GRADIENTS = ("dx", "dgamma", "dbeta")


def of(function: str, *verdicts: tuple[str, str]) -> dict[str, tuple[str, str]]:
    """The verdicts on the gradients of a function: one for all, or one for each."""
    each = verdicts * 3 if len(verdicts) == 1 else verdicts
    return {f"{function}/{name}": v for name, v in zip(GRADIENTS, each, strict=True)}


EXPECTED = {
    "right_simplified.py": Expected(ALL),
    "right_graph.py": Expected(WITHOUT_ALT),
    "right_loops.py": Expected(PAIR),
    "right_layernorm_too.py": Expected(PAIR),
    "wrong_eps_forgotten.py": Expected(
        WITHOUT_ALT,
        {
            "forward/train-output": wrong("eps/none"),
            "forward/test-output": wrong("eps/none"),
            "spatial-forward/train-output": wrong("eps/none"),
            "spatial-forward/test-output": wrong("eps/none"),
        },
        dict.fromkeys(
            (
                "backward/dx",
                "backward/dgamma",
                "spatial-backward/dx",
                "spatial-backward/dgamma",
            ),
            CONSISTENT,
        ),
    ),
    "wrong_unbiased.py": Expected(
        ALL,
        {
            "forward/train-output": wrong("formula/normalised-by-unbiased-variance"),
            "forward/running-statistics": wrong("running-values/unbiased-for-biased"),
        },
        dict.fromkeys(
            (
                "spatial-forward/train-output",
                "spatial-forward/running-statistics",
                "spatial-backward/dx",
                "spatial-backward/dgamma",
            ),
            GIVEN,
        )
        | dict.fromkeys(
            ("backward/dx", "backward/dgamma", "backward-alt/dx", "backward-alt/dgamma"),
            CONSISTENT,
        ),
    ),
    "wrong_momentum.py": Expected(
        ALL,
        {"forward/running-statistics": wrong("running/momentum-swapped")},
        {"spatial-forward/running-statistics": GIVEN},
    ),
    "wrong_not_stored.py": Expected(
        ALL,
        {"forward/running-statistics": wrong("running/never-updated")},
        {"spatial-forward/running-statistics": GIVEN},
    ),
    "wrong_averaged.py": Expected(
        ALL,
        {
            "backward/dgamma": wrong("parameter-gradients/dgamma-mean"),
            "backward/dbeta": wrong("parameter-gradients/dbeta-mean"),
            "backward-alt/dx": wrong("backward/sums-not-divided"),
        },
        {"spatial-backward/dx": GIVEN},
    ),
    "wrong_paths.py": Expected(
        ALL,
        {
            "backward/dx": wrong("backward/no-mean-term"),
            "backward-alt/dx": wrong("backward/no-variance-term"),
        },
        {"spatial-backward/dx": GIVEN},
    ),
    "wrong_in_place.py": Expected(
        ALL,
        {
            "forward/train-output": wrong("form/changes-inputs"),
            "backward/dx": wrong("form/changes-inputs"),
        },
        {"spatial-forward/train-output": GIVEN},
    ),
    "wrong_order.py": Expected(
        ALL,
        {
            "backward/dgamma": wrong("parameter-gradients/dgamma-and-dbeta-swapped"),
            "backward/dbeta": wrong("parameter-gradients/dgamma-and-dbeta-swapped"),
            **of("backward-alt", wrong("form/order")),
        },
        dict.fromkeys(of("spatial-backward", wrong()), GIVEN),
    ),
    "wrong_shapes.py": Expected(
        ALL,
        {
            "backward/dgamma": wrong("form/shape"),
            "backward/dbeta": wrong("form/shape"),
            "backward-alt/dgamma": wrong("form/shape"),
            "backward-alt/dbeta": wrong("form/shape"),
        },
        {"spatial-backward/dgamma": GIVEN, "spatial-backward/dbeta": GIVEN},
    ),
    "wrong_float32.py": Expected(
        ALL,
        {
            "forward/train-output": wrong("form/dtype"),
            "forward/running-statistics": wrong("form/dtype"),
            "forward/test-output": wrong("form/dtype"),
        },
        dict.fromkeys(
            ("backward/dx", "backward/dgamma", "backward-alt/dx", "backward-alt/dgamma"),
            CONSISTENT,
        )
        | dict.fromkeys(
            (
                "spatial-forward/train-output",
                "spatial-forward/running-statistics",
                "spatial-forward/test-output",
                "spatial-backward/dx",
                "spatial-backward/dgamma",
            ),
            GIVEN,
        ),
    ),
    "wrong_test_mode.py": Expected(
        ALL,
        {"forward/test-output": wrong("mode/batch-statistics-in-inference")},
        {"spatial-forward/test-output": GIVEN},
    ),
    "wrong_two_at_once.py": Expected(
        ALL,
        {"backward/dx": wrong("backward/mean-term-added"), "backward-alt/dx": wrong()},
        {"spatial-backward/dx": GIVEN},
    ),
    "wrong_spatial.py": Expected(
        ALL,
        {
            "spatial-forward/train-output": wrong("axes/channels-not-moved"),
            "spatial-forward/running-statistics": wrong("axes/channels-not-moved"),
            "spatial-forward/test-output": wrong("axes/channels-not-moved"),
            "spatial-backward/dx": NOT_GRADABLE,
            "spatial-backward/dgamma": NOT_GRADABLE,
        },
    ),
    "wrong_template.py": Expected(
        ALL,
        {
            "forward/running-statistics": wrong("running/never-updated"),
            "forward/test-output": NOT_WRITTEN,
            "forward/cache": wrong("form/cache-is-none"),
            **of("backward", NOT_GRADABLE),
            **of("backward-alt", NOT_GRADABLE),
            "spatial-forward/train-output": NOT_WRITTEN,
            "spatial-forward/running-statistics": NOT_WRITTEN,
            "spatial-forward/test-output": NOT_WRITTEN,
            "spatial-forward/cache": NOT_GRADABLE,
            **of("spatial-backward", NOT_GRADABLE),
        },
    ),
    "wrong_unwritten.py": Expected(
        PLAIN, {**of("backward", NOT_WRITTEN), **of("backward-alt", NOT_WRITTEN)}
    ),
    "wrong_global_state.py": Expected(
        PAIR,
        {
            "forward/running-statistics": wrong("running/never-updated"),
            "forward/test-output": RAISES,
            "forward/cache": wrong("form/cache-not-enough"),
        },
    ),
    "wrong_raises.py": Expected(
        PLAIN,
        {
            "forward/running-statistics": wrong("form/statistics-not-created"),
            "forward/test-output": RAISES,
            "forward/cache": NOT_GRADABLE,
            **of("backward", RAISES),
            **of("backward-alt", TIMED_OUT),
        },
    ),
    "wrong_forms.py": Expected(
        WITHOUT_ALT,
        {
            "forward/train-output": wrong("form/results"),
            "forward/running-statistics": wrong("form/results"),
            "forward/test-output": wrong("form/results"),
            "forward/cache": NOT_GRADABLE,
            **of("backward", NOT_GRADABLE),
            "spatial-forward/running-statistics": wrong("form/lost-keys"),
            "spatial-forward/cache": wrong("form/cache-is-none"),
            **of("spatial-backward", NOT_GRADABLE),
        },
    ),
    "hostile.py": Expected(
        (*PLAIN, "spatial_batchnorm_forward"),
        {
            "forward/test-output": TIMED_OUT,
            **of("backward", CRASHED),
            "spatial-forward/train-output": RAISES,
            "spatial-forward/running-statistics": RAISES,
            "spatial-forward/test-output": RAISES,
            "spatial-forward/cache": NOT_GRADABLE,
        },
    ),
}
"""The grades, by name of the file."""

NOT_AT_ALL = {
    "syntax_error.py": "line 3: def batchnorm_forward(x, gamma, beta, bn_param)",
    "missing_import.py": "needs the module 'course', which is not installed",
    "other_homework.py": "has none of the functions of the exercise",
    "exits.py": "raised SystemExit: nothing to import",
    "damages_numpy.py": "changes what bnproof itself needs",
}
"""Files that cannot be graded, and what is said of each."""
