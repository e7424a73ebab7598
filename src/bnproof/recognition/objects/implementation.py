"""An object of a target as an implementation of the contract, functional and as a layer."""

from dataclasses import replace
from typing import Any

from bnproof.engine.contract.declaration import PARAMETER_DTYPES
from bnproof.engine.model.case import Case
from bnproof.engine.model.demand import Demand
from bnproof.engine.model.formats import Array, name_of
from bnproof.engine.model.module_fact import Fact
from bnproof.engine.model.names import METHODS
from bnproof.recognition.errors import Unusable
from bnproof.recognition.objects.lab import Lab
from bnproof.recognition.objects.layer import ObjectLayer, Recipe, count
from bnproof.recognition.objects.makers import CUMULATIVE, Recorder
from bnproof.recognition.objects.standalone import standalone
from bnproof.recognition.objects.traits import Traits
from bnproof.recognition.recognised import Recognition
from bnproof.recognition.user_calls import UsersError


class ObjectImplementation:
    """A recognised class, factory or instance as an implementation of the contract.

    Attributes:
        followed: name of the batch norm inside a module that alone is judged, before the activation
            that follows it; "" where the object is judged as a whole.
    """

    followed = ""

    made_of_layers = True
    infer: Any
    train: Any
    layer: Any
    keeps_strides: bool | str
    parameter_dtypes: dict[str, str]
    fixed: dict[str, Any]
    residual: bool
    mask: bool
    renews = True  # every call is one of a new object

    def __init__(
        self, recipe: Recipe, traits: Traits, recognition: Recognition, name: str, version: str
    ) -> None:
        self.recipe, self.traits, self.recognition = recipe, traits, recognition
        self.name, self.version = name, version
        self.module_demands: dict[Demand, str] = {}
        self.train = self._train if traits.trains else None
        self.infer = self._infer if traits.infers else None
        self.layer = self._layer_of if traits.trains else None  # the contract has layers that train
        for attribute in _DECLARED:
            setattr(self, attribute, getattr(traits, attribute))

    # --- the contract ---------------------------------------------------------------------

    def _train(
        self,
        x: Array,
        gamma: Array | None,
        beta: Array | None,
        running_mean: Array,
        running_var: Array,
        *,
        momentum: float | None,
        eps: float,
        batches_seen: int = 0,
        **extra: Array | None,
    ) -> tuple[Any, Any, Any, Any]:
        """A new object in training, with the parameters and statistics loaded into it."""
        layer = self._layer(len(running_mean), momentum, eps, name_of(x.dtype), x.ndim)
        layer.load(_state(gamma, beta, running_mean, running_var, batches_seen))
        y, backward = layer.call(x, training=True, private=True, **extra)
        return y, *layer.statistics(), backward

    def _infer(
        self,
        x: Array,
        gamma: Array | None,
        beta: Array | None,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
        **extra: Array | None,
    ) -> tuple[Any, Any, Any, Any]:
        """A new object in evaluation."""
        layer = self._layer(len(running_mean), self._own_momentum(), eps, name_of(x.dtype), x.ndim)
        layer.load(_state(gamma, beta, running_mean, running_var, None))
        y, backward = layer.call(x, training=False, private=True, **extra)
        return y, *layer.statistics(), backward

    def _layer_of(
        self,
        channels: int,
        *,
        momentum: float | None,
        eps: float,
        dtype: str = "float32",
        rank: int = 2,
    ) -> "ObjectLayer":
        """The object itself, as a stateful layer."""
        return self._layer(channels, momentum, eps, dtype, rank)

    def another_instance(self) -> "ObjectImplementation | None":
        """The same on other objects; None where all objects are copies of one.

        Every call makes a new object, so that calls of both are calls of several objects.
        """
        lab = self.recipe.lab
        if lab.maker.is_instance:
            return None
        alone = replace(lab.maker, recorder=lab.maker.recorder and Recorder())
        recipe = replace(self.recipe, lab=lab.with_(maker=alone))
        made = ObjectImplementation(recipe, self.traits, self.recognition, self.name, self.version)
        own = {
            name: value for name, value in vars(self).items() if name not in (*METHODS, "recipe")
        }
        vars(made).update(own)  # what is declared from outside is set on an adapter
        return made

    def default_layer(self, channels: int, dtype: str) -> "ObjectLayer":
        """The object as its constructor makes it without settings."""
        lab = self.recipe.lab.with_(channels=channels, eps=None, momentum=None)
        return self._of(lab, dtype, self.traits.ranks[0])

    def module_life(self, case: Case) -> tuple[Fact, ...]:
        """What is seen when the case's demand is tried on whole modules; for torch modules."""
        from bnproof.recognition.modules.life import live  # noqa: PLC0415  # for torch modules only

        return live(self.recipe, case, trains=self.traits.trains, infers=self.traits.infers)

    def standalone(self, dtype: str) -> str:
        """The same as source text, for scripts; Unusable where an optimizer has to stand in."""
        maker = self.recipe.lab.maker
        if self.residual or self.mask:
            message = f"no script can be written: {self.name} takes more than x"
            raise Unusable(message)
        if maker.setup and maker.recorder is not None and maker.recorder.given:
            message = f"no script can be written: {self.name} leaves its gradients to an optimizer"
            raise Unusable(message)
        settled = replace(self.traits, **{name: getattr(self, name) for name in _DECLARED})
        return standalone(self.recipe, settled, dtype)

    def _own_momentum(self) -> Any:
        return self.fixed.get("momentum", 0.5)

    def _layer(
        self, channels: int, momentum: float | None, eps: float, dtype: str, rank: int
    ) -> "ObjectLayer":
        weight = CUMULATIVE if momentum is None else momentum
        lab = self.recipe.lab.with_(channels=channels, eps=eps, momentum=weight)
        return self._of(lab, dtype, rank)

    def _of(self, lab: Lab, dtype: str, rank: int) -> "ObjectLayer":
        parameters = {**PARAMETER_DTYPES, **self.parameter_dtypes}.get(dtype, dtype)
        try:
            owner = lab.new(rank, parameters)
        except UsersError as caught:
            raise caught.error from None
        counter = self.recipe.counter
        if counter is not None and lab.warm_up:  # the batch that it was warmed up with is not one
            count(owner, counter, 0, lab)
        return ObjectLayer(
            self.recipe,
            lab,
            owner,
            dtype=parameters,
            copied=self.keeps_strides is False,
            twice=self.traits.differentiates_twice,
        )


_DECLARED = (
    "dtypes",
    "ranks",
    "channel_axis",
    "affine_parameters",
    "momentum_weighs",
    "cumulative",
    "accuracy",
    "single_value",
    "activation",
    "activation_slope",
    "residual",
    "mask",
    "virtual_batch",
    "virtual_batch_averages",
    "keeps_strides",
    "fixed",
    "accepts",
    "parameter_dtypes",
)


def _state(
    gamma: Array | None, beta: Array | None, mean: Array, var: Array, seen: int | None
) -> dict[str, Any]:
    values = {"gamma": gamma, "beta": beta, "running_mean": mean, "running_var": var}
    made: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    return made if seen is None else {**made, "batches_seen": seen}
