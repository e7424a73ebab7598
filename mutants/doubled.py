"""The steps of `Parts` with double backward, in steps of its own that a mistake can replace."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.parts import Parts, Results
from bnproof.reference.checks import Array
from bnproof.reference.rows import column

Double = tuple[Array, Array, Array | None]


class Upstream:
    """What double backward of one call is given, as rows, (C, m), and columns, (C, 1).

    Attributes:
        dy, ddx: rows.
        ddgamma, ddbeta: columns.
    """

    def __init__(self, dy: Array, ddx: Array, ddgamma: Array, ddbeta: Array) -> None:
        self.dy, self.ddx, self.ddgamma, self.ddbeta = dy, ddx, ddgamma, ddbeta


class Doubled(Parts):
    """An object of the contract whose backward can be differentiated.

    >>> x, one = np.array([[-1.0], [1.0]]), np.ones(1)
    >>> *_, backward = Doubled().train(x, one, one, one, one, momentum=0.5, eps=3.0)
    >>> dy = np.array([[1.0], [3.0]])
    >>> [a.ravel().tolist() for a in backward.double(dy, dy, 0 * one, 0 * one)]
    [[-0.375, 0.375], [0.28125, -0.28125], [0.75]]
    """

    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        """Y, the statistics, and a backward that has its double."""

        def backward(dy: Array) -> tuple[Array, Array | None, Array | None]:
            return self.gradients(call, dy)

        def double(dy: Array, ddx: Array, ddgamma: Array | None, ddbeta: Array | None) -> Double:
            return self.double(call, dy, ddx, ddgamma, ddbeta)

        backward.double = double  # type: ignore[attr-defined]  # as the contract has it
        return y, mean, var, backward

    def double(
        self,
        call: Call,
        dy: Array,
        ddx: Array,
        ddgamma: Array | None,
        ddbeta: Array | None,
    ) -> Double:
        """Return ddy, dx and dgamma of double backward of a call."""
        kind = call.rows.dtype
        with np.errstate(all="ignore"):
            up = Upstream(
                self.read_dy(call, dy),
                self.read_dy(call, ddx),
                column(ddgamma, 0, kind),
                column(ddbeta, 0, kind),
            )
            form = self.training if call.training else self.inference
            ddy, dx, dgamma = form(call, up)
            own = None if call.given[0] is None else self.write_parameter(call, dgamma)
            return self.write(call, ddy), self.write(call, dx), own

    def training(self, call: Call, up: Upstream) -> tuple[Array, Array, Array]:
        """The gradients where the statistics depend on x."""
        ddy = self.ddy_of_ddx(call, up) + self.ddy_of_ddgamma(call, up) + up.ddbeta
        dx = self.dx_of_ddx(call, up) + self.dx_of_ddgamma(call, up)
        return ddy, dx, self.dgamma_of_ddx(call, up)

    def inference(self, call: Call, up: Upstream) -> tuple[Array, Array, Array]:
        """The gradients where the statistics are constants."""
        ddy = call.gamma * call.inv_std * up.ddx + up.ddgamma * call.xhat + up.ddbeta
        dgamma = (call.inv_std * up.dy * up.ddx).sum(axis=1, keepdims=True)
        return ddy, up.ddgamma * call.inv_std * up.dy, np.asarray(dgamma)

    # --- steps of training ----------------------------------------------------------------

    def along(self, call: Call, rows: Array) -> Array:
        """The mean of rows times xhat."""
        return np.asarray((rows * call.xhat).mean(axis=1, keepdims=True))

    def residuals(self, call: Call, rows: Array) -> Array:
        """What backward leaves of rows, but for a factor."""
        centred = rows - rows.mean(axis=1, keepdims=True)
        return np.asarray(centred - call.xhat * self.along(call, rows))

    def common(self, call: Call, up: Upstream) -> Array:
        """What dy and ddx have in common beside the mean and xhat."""
        return np.asarray((self.residuals(call, up.dy) * up.ddx).mean(axis=1, keepdims=True))

    def ddy_of_ddx(self, call: Call, up: Upstream) -> Array:
        """What dx passes on to ddy: backward at ddx."""
        return np.asarray(call.gamma * call.inv_std * self.residuals(call, up.ddx))

    def ddy_of_ddgamma(self, call: Call, up: Upstream) -> Array:
        """What dgamma passes on to ddy."""
        return np.asarray(up.ddgamma * call.xhat)

    def dx_of_ddx(self, call: Call, up: Upstream) -> Array:
        """What dx passes on to x: through xhat, through inv_std, and through both."""
        first = self.residuals(call, up.dy) * self.along(call, up.ddx)
        second = self.residuals(call, up.ddx) * self.along(call, up.dy)
        third = call.xhat * self.common(call, up)
        return np.asarray(-call.gamma * call.inv_std * call.inv_std * (first + second + third))

    def dx_of_ddgamma(self, call: Call, up: Upstream) -> Array:
        """What dgamma passes on to x: backward with ddgamma for gamma."""
        return np.asarray(up.ddgamma * call.inv_std * self.residuals(call, up.dy))

    def dgamma_of_ddx(self, call: Call, up: Upstream) -> Array:
        """What dx passes on to gamma, a column."""
        return np.asarray(call.m * call.inv_std * self.common(call, up))
