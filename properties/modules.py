"""Whole torch modules: what they promise beside their numbers, to the code around them.

A module is made, saved, loaded, copied, frozen and converted by code that never calls forward.
What it then has to do is documented by torch for its own classes, and not all of it for modules
that somebody writes by hand.  So what is demanded depends on what a module claims to be
(`bnproof.recognition.modules.promises`):

- Any torch module: what it registers survives ``state_dict``, ``copy.deepcopy``, pickling and
  ``to(dtype)``, if these raise nothing; copies share nothing; freezing a parameter, or gradient
  checkpointing, changes no result; a flag that the constructor takes has its effect.
- One with torch's names (weight, bias, and the buffers running_mean and running_var): it starts
  from 1, 0, 0 and 1, since averages that start from a variance of 0 evaluate wrongly for as long as
  that weighs; ``state_dict`` loads strictly; ``requires_grad`` stays as it was set;
  ``torch.func.functional_call`` uses what it is given.
- A subclass of torch's: it starts from these values as well.
- A drop-in for torch's classes (its constructor takes affine and track_running_stats): its
  statistics are in ``state_dict``, since a module that is loaded evaluates wrongly without; eps and
  momentum hold as they are set; training under ``no_grad`` is training; none of all this raises; in
  subclasses of torch's, names, num_batches_tracked, momentum=None, strict loading and SyncBatchNorm
  as well.

What a module does not claim is noted beside the verdict: averages that are plain attributes, as in
courses; a gamma that is drawn at random; a flag that is refused with an exception.  What a factory
or an instance starts from is the choice of whoever made it.  What differs on purpose is declared:
``differs = ("initial-values",)``.

Under gradient checkpointing torch runs forward twice, and its own modules move the statistics twice
by the same batch (measured in 2.13, ``use_reentrant`` or not).  So one update and two are right;
anything else is not.

A number is compared with that of a module on which nothing was tried, within the bounds of both.
"""

from collections.abc import Iterator

from bnproof.engine.judging.comparison import Comparison
from bnproof.engine.judging.module_facts import tried
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.records import Records
from bnproof.engine.model.basis import TRAINING, Basis
from bnproof.engine.model.demand import Demand


@statement(
    "module/initial-values",
    "A new module starts with gamma 1, beta 0, running mean 0 and running variance 1.",
    theorem="running-closed-form",
    needs=(Demand.INITIAL_VALUES,),
    rests_on=(),
)
def initial_values(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.INITIAL_VALUES`."""
    yield from tried(records, Demand.INITIAL_VALUES)


@statement(
    "module/parameters",
    "gamma and beta are parameters, the statistics are buffers, in torch's default dtype.",
    theorem="affine-in-gamma-beta",
    needs=(Demand.PARAMETERS,),
    rests_on=(),
)
def parameters(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.PARAMETERS`."""
    yield from tried(records, Demand.PARAMETERS)


@statement(
    "module/state-dict",
    "A new module that loads state_dict(), strictly, holds and evaluates the same.",
    theorem="inference-affine",
    needs=(Demand.STATE_DICT,),
    rests_on=(Basis.Y_OF_INFER,),
)
def state_dict(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.STATE_DICT`."""
    yield from tried(records, Demand.STATE_DICT)


@statement(
    "module/copies",
    "A deep copy is the same module and shares nothing with the first one.",
    theorem="running-one-step",
    needs=(Demand.COPIES,),
    rests_on=(Basis.Y_OF_INFER, Basis.STATISTICS),
)
def copies(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.COPIES`."""
    yield from tried(records, Demand.COPIES)


@statement(
    "module/pickle",
    "A module that was pickled and loaded holds and evaluates the same.",
    theorem="inference-affine",
    needs=(Demand.PICKLE,),
    rests_on=(Basis.Y_OF_INFER,),
)
def pickling(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.PICKLE`."""
    yield from tried(records, Demand.PICKLE)


@statement(
    "module/dtype",
    "to(dtype) moves parameters and statistics and keeps their values.",
    theorem="inference-affine",
    needs=(Demand.DTYPE,),
    rests_on=(Basis.Y_OF_INFER,),
)
def dtype(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.DTYPE`."""
    yield from tried(records, Demand.DTYPE)


@statement(
    "module/affine",
    "With affine=False nothing is trained, and y is that of gamma 1 and beta 0.",
    theorem="affine-in-gamma-beta",
    needs=(Demand.AFFINE,),
    rests_on=(Basis.Y,),
)
def affine_flag(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.AFFINE`."""
    yield from tried(records, Demand.AFFINE)


@statement(
    "module/tracking",
    "With track_running_stats=False evaluation uses the batch, and nothing is averaged.",
    theorem="training-ignores-running",
    needs=(Demand.TRACKING,),
    rests_on=(Basis.Y,),
)
def tracking_flag(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.TRACKING`."""
    yield from tried(records, Demand.TRACKING)


@statement(
    "module/requires-grad",
    "Calls, copies and other dtypes leave requires_grad as it was set.",
    theorem="dgamma",
    needs=(Demand.REQUIRES_GRAD,),
    rests_on=(),
)
def requires_grad(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.REQUIRES_GRAD`."""
    yield from tried(records, Demand.REQUIRES_GRAD)


@statement(
    "module/frozen",
    "With a parameter frozen the other gradients stay the same, and it gets none.",
    theorem="dx-closed-form",
    needs=(Demand.FROZEN,),
    rests_on=TRAINING[:2],
)
def frozen_parameter(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.FROZEN`."""
    yield from tried(records, Demand.FROZEN)


@statement(
    "module/batches-tracked",
    "num_batches_tracked is saved, starts at 0, and counts training calls alone.",
    theorem="cumulative-average",
    needs=(Demand.BATCHES_TRACKED,),
    rests_on=(),
)
def batches_tracked(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.BATCHES_TRACKED`."""
    yield from tried(records, Demand.BATCHES_TRACKED)


@statement(
    "module/cumulative",
    "With momentum=None each of t batches weighs 1 / t.",
    theorem="cumulative-average",
    needs=(Demand.CUMULATIVE,),
    rests_on=(Basis.STATISTICS,),
)
def cumulative_average(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.CUMULATIVE`."""
    yield from tried(records, Demand.CUMULATIVE)


@statement(
    "module/sync-conversion",
    "A module keeps values, settings and y when it becomes a SyncBatchNorm, and back.",
    theorem="inference-affine",
    needs=(Demand.SYNC_CONVERSION,),
    rests_on=(Basis.Y_OF_INFER,),
)
def sync_conversion(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.SYNC_CONVERSION`."""
    yield from tried(records, Demand.SYNC_CONVERSION)


@statement(
    "module/checkpointing",
    "Under gradient checkpointing results are the same, after one or two whole updates.",
    theorem="dx-closed-form",
    needs=(Demand.CHECKPOINTING,),
    rests_on=TRAINING,
)
def checkpointing(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.CHECKPOINTING`."""
    yield from tried(records, Demand.CHECKPOINTING)


@statement(
    "module/functional-call",
    "torch.func.functional_call uses and updates the parameters and buffers it is given.",
    theorem="inference-affine",
    needs=(Demand.FUNCTIONAL_CALL,),
    rests_on=(Basis.Y_OF_INFER, *TRAINING),
)
def functional_call(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.FUNCTIONAL_CALL`."""
    yield from tried(records, Demand.FUNCTIONAL_CALL)


@statement(
    "module/settings",
    "eps and momentum hold from the call after they were set.",
    theorem="running-one-step",
    needs=(Demand.SETTINGS,),
    rests_on=(*TRAINING[:1], Basis.Y_OF_INFER, Basis.STATISTICS),
)
def settings(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.SETTINGS`."""
    yield from tried(records, Demand.SETTINGS)


@statement(
    "module/resets",
    "reset_running_stats() begins new averages and no more; reset_parameters() all anew.",
    theorem="running-closed-form",
    needs=(Demand.RESETS,),
    rests_on=(),
)
def resets(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.RESETS`."""
    yield from tried(records, Demand.RESETS)


@statement(
    "module/no-grad",
    "Training under no_grad, and evaluation under inference_mode, are the same.",
    theorem="running-one-step",
    needs=(Demand.NO_GRAD,),
    rests_on=(Basis.Y, Basis.STATISTICS),
)
def no_grad(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.NO_GRAD`."""
    yield from tried(records, Demand.NO_GRAD)


@statement(
    "module/mode",
    "train() and eval() return the module, and select the mode each time.",
    theorem="training-ignores-running",
    needs=(Demand.MODE,),
    rests_on=(Basis.Y, Basis.Y_OF_INFER, Basis.STATISTICS),
)
def mode(records: Records) -> Iterator[Comparison]:
    """What was tried of `Demand.MODE`."""
    yield from tried(records, Demand.MODE)
