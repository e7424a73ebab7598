"""A torch module as experiments see it: new modules, modules in a known state, and their calls."""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.module_fact import Fact
from bnproof.engine.model.names import GRADIENTS, Output
from bnproof.recognition.aliases import AFFINE, STATISTICS, Role
from bnproof.recognition.modules.promises import Claim, claim_of, is_subclass, norm_in
from bnproof.recognition.objects.call_modes import returned
from bnproof.recognition.objects.lab import Lab
from bnproof.recognition.objects.layer import Recipe, count
from bnproof.recognition.objects.makers import CUMULATIVE, Wanted
from bnproof.recognition.objects.refusals import told
from bnproof.recognition.objects.slots import held, is_registered, name_of, put
from bnproof.recognition.user_calls import UsersError, called

BATCHES = 5
"""The number of batches that a module in a known state says it has seen, where it counts them."""

GRADIENT_OF_ROLE: dict[Role, Output] = {Role.GAMMA: "dgamma", Role.BETA: "dbeta"}


class Subject:
    """Modules of one target, for the experiments of one case."""

    def __init__(self, recipe: Recipe, case: Case, *, trains: bool, infers: bool = True) -> None:
        self.recipe, self.case, self.trains, self.infers = recipe, case, trains, infers
        momentum = CUMULATIVE if case.momentum is None else case.momentum
        self.lab: Lab = recipe.lab.with_(channels=case.channels, eps=case.eps, momentum=momentum)
        self.dtype = case.parameter_dtype
        self.torch: Any = recipe.lab.arrays.torch  # type: ignore[attr-defined]  # those of torch
        self._claim: Claim | None = None

    # --- modules --------------------------------------------------------------------------

    def fresh(self, **flags: Any) -> Any:
        """A new module in the dtype of the case, made with flags beside the settings."""
        made = self.lab_with(**flags).new(self.case.x.ndim, self.dtype)
        if self.recipe.varies_momentum:  # a copy of an instance, which has its own
            put(made, self.recipe.settings[Role.MOMENTUM], self.case.momentum)
        return made

    def unused(self) -> Any:
        """A new module in the dtype of the case that was never called, even if it is lazy."""
        made = self.lab.with_(warm_up=False).new(self.case.x.ndim, self.dtype)
        if self.lab.warm_up:  # what it does not have yet is made in its dtype
            called(made.to, getattr(self.torch, self.dtype))
        return made

    def lab_with(self, **flags: Any) -> Lab:
        """The lab whose constructor is given flags as well."""
        if not flags:
            return self.lab
        maker = replace(self.lab.maker, target=functools.partial(self.lab.maker.target, **flags))
        return self.lab.with_(maker=maker)

    def as_made(self) -> Any:
        """A new module as its constructor leaves it, in no other dtype."""
        wanted = Wanted(
            self.lab.channels, self.case.x.ndim, self.lab.dtype, self.lab.eps, self.lab.momentum
        )
        return self.lab.maker.make(wanted, self.lab.arrays)

    def loaded(self) -> Any:
        """A new module with the parameters and statistics of the case."""
        owner = self.fresh()
        self.load(owner)
        return owner

    def load(self, owner: Any, **changed: Array) -> None:
        """Give a module the parameters and statistics of the case, some of them changed."""
        values = {str(role): getattr(self.case, str(role)) for role in self.recipe.paths}
        values |= changed
        there = {self.recipe.paths[Role(n)]: v for n, v in values.items() if v is not None}
        self.lab.load(owner, there)
        if self.recipe.counter is not None and held(owner, self.recipe.counter) is not None:
            count(owner, self.recipe.counter, BATCHES, self.lab)

    # --- what a module holds --------------------------------------------------------------

    def values(self, owner: Any) -> dict[Role, Array]:
        """Copies of the parameters and statistics that a module has."""
        found = ((role, held(owner, path)) for role, path in self.recipe.paths.items())
        is_array = self.lab.arrays.is_array
        return {r: self.lab.arrays.plain(v).reshape(-1) for r, v in found if is_array(v)}

    def statistics(self, owner: Any) -> dict[Role, Array]:
        """Copies of the running statistics."""
        return {role: v for role, v in self.values(owner).items() if role in STATISTICS}

    def name(self, role: Role) -> str:
        """The module's own name for a role."""
        return name_of(self.recipe.paths[role])

    def unsaved(self, owner: Any) -> list[Role]:
        """The roles that state_dict does not hold."""
        return [r for r, path in self.recipe.paths.items() if not is_registered(owner, path)]

    def parameters(self, owner: Any) -> dict[Role, Any]:
        """gamma and beta, as far as they are parameters of torch's."""
        found = {role: held(owner, p) for role, p in self.recipe.paths.items() if role in AFFINE}
        return {r: v for r, v in found.items() if isinstance(v, self.torch.nn.Parameter)}

    def counted(self, owner: Any) -> Any:
        """The number of batches seen, None where a module holds none."""
        return None if self.recipe.counter is None else held(owner, self.recipe.counter)

    # --- calls ----------------------------------------------------------------------------

    def evaluate(self, owner: Any, x: Array | None = None) -> Array:
        """y in evaluation."""
        return self.lab.y(owner, self.case.x if x is None else x, training=False)

    def train(self, owner: Any, x: Array | None = None) -> Array:
        """y in training."""
        return self.lab.y(owner, self.case.x if x is None else x, training=True)

    def native(self, x: Array) -> Any:
        """A new tensor in the module's layout."""
        return self.lab.native(x, copied=True)

    def differentiated(
        self, owner: Any, through: Callable[..., Any] | None = None
    ) -> dict[Output, Array]:
        """y in training and the gradients; ``through`` makes the call, as checkpointing does."""
        x = self.native(self.case.x).requires_grad_()

        def forward(given: Any) -> Any:
            made = self.lab.run(owner, given, training=True, dtype=self.case.dtype)
            return returned(made, tuple(given.shape), self.lab.arrays).y

        for parameter in self.parameters(owner).values():
            parameter.grad = None

        def unwrapped(given: Any) -> Any:
            try:
                return forward(given)
            except UsersError as caught:  # checkpointing ends forward with an exception of its own
                raise caught.error from None

        y = forward(x) if through is None else called(through, unwrapped, x)
        called(y.backward, self.native(self.case.dy))
        plain = self.lab.arrays.plain
        made: dict[Output, Array] = {"y": self.lab.canonical(plain(y))}
        if x.grad is not None:
            made["dx"] = self.lab.canonical(plain(x.grad))
        for role, parameter in self.parameters(owner).items():
            if parameter.grad is not None:
                made[GRADIENT_OF_ROLE[role]] = plain(parameter.grad).reshape(-1)
        return {name: made[name] for name in ("y", *GRADIENTS) if name in made}

    # --- facts ----------------------------------------------------------------------------

    @property
    def claim(self) -> Claim:
        """How much the module claims."""
        if self._claim is None:
            self._claim = claim_of(self.fresh(), self.recipe)
        return self._claim

    def claims(self, claim: Claim) -> bool:
        """Whether the module claims as much."""
        return self.claim >= claim

    def is_torchs(self, owner: Any) -> bool:
        """Whether a module is of torch's own class or one derived from it, and claims to be."""
        return self.claims(Claim.DROP_IN) and is_subclass(type(norm_in(owner, self.recipe)))

    def raised(self, what: str, error: UsersError, claim: Claim) -> Fact:
        """The fact that something raised."""
        return Fact(what, told(original(error)), "no exception", self.claims(claim))

    def equal(
        self, where: str, got: dict[Role, Array], expected: dict[Role, Array], claim: Claim
    ) -> list[Fact]:
        """The facts that parameters and statistics are those of another module."""
        return [
            Fact(f"{self.name(r)} {where}", got.get(r, "none"), v, self.claims(claim))
            for r, v in expected.items()
        ]

    def stepped(
        self,
        where: str,
        got: dict[Role, Array],
        expected: dict[Role, Array],
        claim: Claim,
        case: Case | None = None,
    ) -> list[Fact]:
        """The facts that statistics after a training call are those of another module."""
        outputs: dict[Role, Output] = {
            Role.RUNNING_MEAN: "running_mean",
            Role.RUNNING_VAR: "running_var",
        }
        return [
            Fact(
                f"{self.name(role)} {where}",
                got.get(role, "none"),
                value,
                self.claims(claim),
                outputs[role],
                case=case,
            )
            for role, value in expected.items()
        ]

    def evaluated(self, where: str, got: Array, expected: Array, claim: Claim) -> Fact:
        """The fact that y of evaluation is that of another module."""
        return Fact(f"y {where}", got, expected, self.claims(claim), "y", "infer")


def original(error: UsersError) -> BaseException:
    """What the user's code raised first."""
    found: BaseException = error
    while isinstance(found, UsersError):
        found = found.error
    return found


def uniform(values: Array) -> float | None:
    """The value of all elements, None where they differ."""
    found = np.unique(np.asarray(values, np.float64))
    return float(found[0]) if len(found) == 1 else None
