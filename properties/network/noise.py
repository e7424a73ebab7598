"""The noise of mini-batches: how much one sample's normalized value scatters."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.network.interfaces import Layer
from bnproof.engine.network.network_property import Finding, network_property
from bnproof.engine.network.scatter import exact_variance, scattered, standard_error

SIZES = (16, 64, 256)
SAMPLES = (0.0, 1.5)


SIGMAS = 6.5
"""Standard errors allowed: by chance, a right layer is beyond them once in 1e10 comparisons."""


@network_property(
    "network/noise",
    "The noise of mini-batches falls with their size as it must for normal data.",
    theorem="noise",
)
def noise(layer: Layer) -> Iterator[Finding]:
    """The variance over batches against the exact one, in units of its standard error."""
    rng = np.random.default_rng(0)
    for m in SIZES:
        for z in SAMPLES:
            values = scattered(layer, z, m, rng)
            off = abs(values.var(ddof=1) - exact_variance(z, m))
            yield Finding(f"m = {m}, z = {z}", off / (SIGMAS * standard_error(values)))
