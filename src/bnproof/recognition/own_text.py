"""The source text of our own modules, for scripts that run without bnproof.

An adapter and its script are one implementation where the script holds the adapter's own text.
"""

import inspect
from types import ModuleType


def own_text(module: ModuleType) -> str:
    """The text of a module, without its docstring and what it imports of bnproof."""
    text = inspect.getsource(module)
    body = text[len(f'"""{module.__doc__}"""') :] if module.__doc__ else text
    lines = [line for line in body.splitlines() if not line.startswith("from bnproof.")]
    return "\n".join(lines).strip("\n")
