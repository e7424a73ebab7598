"""What a script about a target is written from: the calls, the target, and its adapter's text."""

import ast
from dataclasses import dataclass

from bnproof.engine.execution.transcript import Transcript
from bnproof.targets.text import Target


@dataclass(frozen=True, eq=False)
class Transcription:
    """The calls of some cases on a target, with all that it takes to make them elsewhere.

    Attributes:
        transcript: of the calls.
        target: what was loaded, with the attributes that the user meant.
        standalone: source text that stands for the adapter, "" for an object of the contract.
    """

    transcript: Transcript
    target: Target
    standalone: str = ""

    @property
    def on_torch(self) -> bool:
        """Whether the adapter's text imports torch."""
        nodes = ast.walk(ast.parse(self.standalone))
        names = [a.name for node in nodes if isinstance(node, ast.Import) for a in node.names]
        return any(name.partition(".")[0] == "torch" for name in names)
