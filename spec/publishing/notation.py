"""Two notations: that of the course, z^(i) and z_norm, and that of the paper, x_i and hat x_i."""

from collections.abc import Mapping

Notation = Mapping[str, str]
"""How a name is printed; {} is where an array's index goes."""

_BOTH = {
    "mu": r"\mu",
    "var": r"\sigma^2",
    "inv_std": "r",
    "epsilon": r"\varepsilon",
    "gamma": r"\gamma",
    "beta": r"\beta",
    "running_mean": r"\mu_{\mathrm{run}}",
    "running_var": r"\sigma^2_{\mathrm{run}}",
    "dvar": r"d\sigma^2",
    "dmu": r"d\mu",
    "ggG": r"\ddot\gamma",
    "ggB": r"\ddot\beta",
    "mu_X": r"\mu_X",
    "sigma2": r"\sigma_X^2",
    "kappa3": r"\kappa_3",
    "kappa4": r"\kappa_4",
    "gamma_3": r"\gamma_3",
    "kappa_4": r"\beta_2",
    "gamma2": r"\gamma_{\mathrm{b}}",
    "beta2": r"\beta_{\mathrm{b}}",
    "beta1": r"\beta_{\mathrm{a}}",
    "r0": "r_{0}",
    "r_old": r"r_{\mathrm{old}}",
    "s_new": r"s_{\mathrm{new}}",
    "s_mean": r"\mathrm{E}s",
    "s_var": r"\mathrm{Var}s",
    "momentum": r"\mathrm{momentum}",
    "v_old": r"v_{\mathrm{old}}",
    "g_new": r"g_{\mathrm{new}}",
    "g_mean": r"\bar g",
    "g1": r"g_{1}",
    "alpha": r"\alpha",
    "ones": r"1_{}",
}

COURSE: Notation = {
    **_BOTH,
    "x": "z^{({})}",
    "xhat": r"z_{\mathrm{norm}}^{({})}",
    "y": r"\tilde z^{({})}",
    "dy": r"d\tilde z^{({})}",
    "dx": r"dz^{({})}",
}
PAPER: Notation = {
    **_BOTH,
    "x": "x_{}",
    "xhat": r"\hat x_{}",
    "y": "y_{}",
    "dy": "dy_{}",
    "dx": "dx_{}",
}
NOTATIONS = {"course": COURSE, "paper": PAPER}
