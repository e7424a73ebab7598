"""Double backward by other algebra, the statistics formed by the steps of `Parts`."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.controls.control import control
from bnproof.mutants.doubled import Doubled, Upstream
from bnproof.reference.checks import Array


def _sum(rows: Array) -> Array:
    return np.asarray(rows.sum(axis=1, keepdims=True))


@control("double-by-residuals", "Double backward in closed form.")
def _residuals() -> Doubled:
    return Doubled()


@control("double-by-moments", "Double backward by sums that are not centred.")
class _Moments(Doubled):
    """PyTorch's formulas: sums of products that are not centred."""

    def training(self, call: Call, up: Upstream) -> tuple[Array, Array, Array]:
        m, centred, r = call.m, call.rows - call.mean, call.inv_std
        cubed = r**3
        sum_dy, sum_ddx = _sum(up.dy), _sum(up.ddx)
        dy_x, ddx_x = _sum(up.dy * centred), _sum(up.ddx * centred)
        common = sum_ddx * sum_dy / m - _sum(up.dy * up.ddx) + r * r * dy_x * ddx_x * (3 / m)
        dx = centred * cubed * common / m
        dx = dx + ddx_x * cubed / m * (sum_dy / m - up.dy)
        dx = call.gamma * (dx + dy_x * cubed / m * (sum_ddx / m - up.ddx))
        dx = dx + up.ddgamma * (up.dy * r - r * sum_dy / m - centred * cubed * dy_x / m)

        def backward(rows: Array, total: Array, along: Array) -> Array:
            return np.asarray(r / m * (m * rows - total - centred * (r * r) * along))

        ddy = call.gamma * backward(up.ddx, sum_ddx, ddx_x) + up.ddgamma * centred * r + up.ddbeta
        return ddy, dx, _sum(up.ddx * backward(up.dy, sum_dy, dy_x))


@control("double-by-adjoints", "Double backward against the computation graph.")
class _Adjoints(Doubled):
    """Backward along the computation graph of backward, as automatic differentiation goes."""

    def training(self, call: Call, up: Upstream) -> tuple[Array, Array, Array]:
        m, centred, r = call.m, call.rows - call.mean, call.inv_std
        scaled, cubed = up.dy * call.gamma, r * r * r
        of_root = _sum(scaled * centred)
        of_var = of_root * cubed / -2
        back = up.ddx - _sum(up.ddx) / m
        slope = centred * 2 / m
        back_var = _sum(back * slope)
        back_root = cubed * back_var / -2
        root = back_var * of_root * -1.5 * (r * r)
        root = root + _sum(scaled * back) + _sum(up.ddgamma * up.dy * centred)
        back_scaled = back * r + centred * back_root
        centred_back = of_var * back * (2 / m) + scaled * back_root + up.ddgamma * up.dy * r
        centred_back = centred_back + slope * (root * cubed / -2)
        ddy = call.gamma * back_scaled + up.ddgamma * (centred * r) + up.ddbeta
        return ddy, centred_back - _sum(centred_back) / m, _sum(up.dy * back_scaled)
