"""One object of a target as a stateful layer of the contract."""

import copy
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.recognition.aliases import AFFINE, PER_CHANNEL, Role
from bnproof.recognition.objects.autograd import with_autograd
from bnproof.recognition.objects.call_modes import Returned, returned
from bnproof.recognition.objects.flattened import flattened
from bnproof.recognition.objects.gradients import Backward, reset
from bnproof.recognition.objects.lab import Lab
from bnproof.recognition.objects.makers import CUMULATIVE, Recorder
from bnproof.recognition.objects.slots import Path, get, held, put
from bnproof.recognition.user_calls import UsersError

GRADIENTS = (Role.DX, Role.DGAMMA, Role.DBETA)


@dataclass(frozen=True)
class Recipe:
    """All that is known of how objects of a target are made, called and read.

    Attributes:
        lab: how they are made and called.
        paths: the slot of each role.
        settings: the slots of eps and momentum, as far as the object holds them.
        counter: the slot of the number of batches seen, None where there is none.
        backward: the object's own backward method, None where it has none.
        autograd: whether torch's autograd gives the gradients.
        once: whether backward can be called once only after a forward pass.
        varies_momentum: whether momentum is set on the object, as on an instance of torch's that
            was made with momentum=None.
        adds: whether forward takes an added input.
    """

    lab: Lab
    paths: Mapping[Role, Path]
    settings: Mapping[Role, Path] = field(default_factory=dict)
    counter: Path | None = None
    backward: Backward | None = None
    autograd: bool = False
    once: bool = False
    varies_momentum: bool = False
    adds: bool = False


class ObjectLayer:
    """An object with train, infer, state and load."""

    def __init__(
        self, recipe: Recipe, lab: Lab, owner: Any, *, dtype: str, copied: bool, twice: bool
    ) -> None:
        self._recipe, self._lab, self._owner = recipe, lab, owner
        self._dtype, self._copied, self._twice = dtype, copied, twice
        self._changes = 0
        if recipe.varies_momentum:
            momentum = None if lab.momentum is CUMULATIVE else lab.momentum
            put(owner, recipe.settings[Role.MOMENTUM], momentum)
        if recipe.autograd:
            self._require_gradients()

    def _require_gradients(self) -> None:
        """Have gamma and beta take gradients, whatever they were made as."""
        for role in AFFINE:
            value = self._parameter(role)
            if value is not None and value.is_leaf and value.is_floating_point():
                value.requires_grad_()

    def train(self, x: Array) -> tuple[Array, Any]:
        """One call in training."""
        return self.call(x, training=True)

    def infer(self, x: Array) -> tuple[Array, Any]:
        """One call in evaluation."""
        return self.call(x, training=False)

    def state(self) -> dict[str, Any]:
        """Copies of the parameters and statistics that the object has."""
        made: dict[str, Any] = {}
        for role, path in self._recipe.paths.items():
            value = held(self._owner, path)
            if value is not None and self._lab.arrays.is_array(value):
                made[str(role)] = self._per_channel(value)
        if self._recipe.counter is not None:
            made["batches_seen"] = int(get(self._owner, self._recipe.counter))
        return made

    def load(self, state: Mapping[str, Any]) -> None:
        """Copy a state into the object."""
        self._changes += 1
        paths = self._recipe.paths
        given = [role for role in PER_CHANNEL if role in paths and state.get(role) is not None]
        self._lab.load(self._owner, {paths[role]: np.asarray(state[role]) for role in given})
        counter = self._recipe.counter
        if counter is not None and "batches_seen" in state:
            count(self._owner, counter, int(np.asarray(state["batches_seen"])), self._lab)

    def settings(self) -> dict[str, float | None]:
        """eps and momentum, as far as the object tells them."""
        return {str(role): get(self._owner, path) for role, path in self._recipe.settings.items()}

    def statistics(self) -> tuple[Any, Any]:
        """The running mean and variance, None where the object has none."""
        state = self.state()
        return state.get("running_mean"), state.get("running_var")

    def call(
        self, x: Array, *, training: bool, private: bool = False, **extra: Any
    ) -> tuple[Array, Any]:
        """As `tried`, but what the user's code raises comes out as it is."""
        try:
            return self.tried(x, training=training, private=private, **extra)
        except UsersError as caught:
            raise caught.error from None

    def tried(
        self,
        x: Array,
        *,
        training: bool,
        private: bool = False,
        residual: Array | None = None,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        """y, and a backward that may be called again and again; UsersError for the user's code.

        ``private`` says that no other call is made on the object, so that backward needs no copy.
        """
        self._changes += 1
        added = self._added(x, residual)
        given = x.T if self._recipe.lab.columns else x
        native = self._lab.arrays.native(given, copied=self._copied)
        if self._recipe.autograd:
            native = native.detach().requires_grad_()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = self._lab.run(
                self._owner,
                native,
                training=training,
                dtype=self._dtype,
                residual=added,
                mask=mask,
            )
        made = returned(result, given.shape, self._lab.arrays)
        y = self._plain(made.y)
        if self._recipe.autograd:
            parameters = [self._parameter(role) for role in AFFINE]
            return y, with_autograd(
                made.y,
                native,
                parameters,
                self._plain,
                self._native,
                self._per_channel,
                twice=self._twice,
                added=None if residual is None else added,  # layers have three gradients
            )
        if self._recipe.backward is None or not training:
            return y, None
        return y, self._by_method(self._recipe.backward, made, private=private)

    def _added(self, x: Array, residual: Array | None) -> Any:
        """An added input as the object takes it, zeros where none is given; None without one."""
        if not self._recipe.adds:
            return None
        values = np.zeros_like(x) if residual is None else residual
        native = self._native(values)
        return native.detach().requires_grad_() if self._recipe.autograd else native

    def _parameter(self, role: Role) -> Any:
        path = self._recipe.paths.get(role)
        return None if path is None else held(self._owner, path)

    def _plain(self, value: Any) -> Array:
        """An array with the shape of x as the contract returns it."""
        plain = self._lab.arrays.plain(value)
        return plain.T if self._recipe.lab.columns else plain

    def _per_channel(self, value: Any) -> Array:
        """A copy of an array with one value per channel."""
        return self._lab.arrays.plain(value).reshape(-1)

    def _native(self, a: Array) -> Any:
        laid = a.T if self._recipe.lab.columns and a.ndim > 1 else a
        return self._lab.arrays.native(laid, copied=self._copied)

    # --- the object's own backward --------------------------------------------------------

    def _by_method(
        self, plan: Backward, made: Returned, *, private: bool
    ) -> Callable[[Array], tuple[Any, Any, Any]]:
        """backward by the object's method, on the state that this call has left.

        Another call or another state would replace what forward has left, so a copy is kept.
        """
        number = self._changes
        kept = None if private and not self._recipe.once else copy.deepcopy((self._owner, made))
        recorder = self._recipe.lab.maker.recorder
        forget(recorder)  # gradients of other calls, which the object's optimizer holds
        before = {path: held(self._owner, path) for _, path in plan.left}

        def backward(dy: Array) -> tuple[Any, Any, Any]:
            owner, result = self._owner, made
            if kept is not None and (self._recipe.once or number != self._changes):
                owner, result = copy.deepcopy(kept)
            forget(recorder)
            reset(owner, [path for _, path in plan.left], before, self._lab.arrays)
            return self._gradients(plan, owner, result, dy, recorder)

        return backward

    def _gradients(
        self, plan: Backward, owner: Any, result: Returned, dy: Array, recorder: Recorder | None
    ) -> tuple[Any, Any, Any]:
        recorded = [] if recorder is None else recorder.given
        try:
            back = plan.call(owner, self._native(dy), result)
        except UsersError as caught:
            raise caught.error from None
        found: dict[Role, Any] = {}
        for role, (_, value) in zip(
            plan.returned, flattened(back, self._lab.arrays.is_array), strict=False
        ):
            found.setdefault(role, value)
        for role, path in plan.left:
            found.setdefault(role, held(owner, path))
        for role, (_, value) in zip((Role.DGAMMA, Role.DBETA), recorded, strict=False):
            found.setdefault(role, value)
        dx, dgamma, dbeta = (found.get(role) for role in GRADIENTS)
        flat = [None if g is None else self._per_channel(g) for g in (dgamma, dbeta)]
        return None if dx is None else self._plain(dx), flat[0], flat[1]


def forget(recorder: Recorder | None) -> None:
    """Forget the gradients that an optimizer was given."""
    if recorder is not None:
        recorder.given.clear()


def count(owner: Any, path: Path, number: int, lab: Lab) -> None:
    """Set a counter, which may be a number or an array without axes."""
    present = get(owner, path)
    if lab.arrays.is_array(present):
        written = lab.arrays.write(present, np.array(number))
        if written is not present:
            put(owner, path, written)
    else:
        put(owner, path, type(present)(number))
