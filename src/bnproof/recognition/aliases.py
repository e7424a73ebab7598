"""The names that people give to the parts of batch normalization: one table for all forms.

`role_of` reads a name of an attribute, an argument or a key of a dict; it ignores case, leading
underscores and the usual prefixes of a gradient.  A name only suggests a role; probes confirm it.
"""

import re
from enum import StrEnum


class Role(StrEnum):
    """What a named thing is in batch normalization."""

    X = "x"
    GAMMA = "gamma"
    BETA = "beta"
    RUNNING_MEAN = "running_mean"
    RUNNING_VAR = "running_var"
    EPS = "eps"
    MOMENTUM = "momentum"
    BATCHES_SEEN = "batches_seen"
    CHANNELS = "channels"
    RANK = "rank"
    AXIS = "axis"
    SHAPE = "shape"
    TRAINING = "training"
    EVALUATION = "evaluation"
    MODE = "mode"
    DTYPE = "dtype"
    Y = "y"
    DY = "dy"
    DX = "dx"
    DGAMMA = "dgamma"
    DBETA = "dbeta"
    CACHE = "cache"
    STATE = "state"
    PARAMETERS = "parameters"
    SETTINGS = "settings"
    OPTIMIZER = "optimizer"
    RATE = "learning rate"


STATISTICS = (Role.RUNNING_MEAN, Role.RUNNING_VAR)
AFFINE = (Role.GAMMA, Role.BETA)
PER_CHANNEL = (*AFFINE, *STATISTICS)
"""The roles with one value per channel."""

GRADIENT_OF = {Role.X: Role.DX, Role.GAMMA: Role.DGAMMA, Role.BETA: Role.DBETA}

SMALLEST_MOMENTUM = 0.01
"""A number below 1 of no known name is a momentum from here on, and an eps if it is smaller."""

ALIASES: dict[Role, str] = {
    Role.X: """
        x inputs? input_data data input_tensor tensor activations? z a z_prev a_prev inp batch
        feature_map features_in in_tensor arr values u h hidden
    """,
    Role.GAMMA: """
        gammas? weights? w scales? mults? multipliers? g gain scaler scale_param a gm alpha
        affine_weight bn_gamma bn_weight bn_scale gamma_param
    """,
    Role.BETA: """
        betas? bias(es)? b shifts? adds? addends? offsets? center intercept shift_param bt
        affine_bias bn_beta bn_bias bn_shift beta_param
    """,
    Role.RUNNING_MEAN: """
        running_means? run_mean r_?mean moving_means? mov(ing)?_?avg_?mean moving_average_mean
        means? mu exp_means? ema_means? avg_means? global_means? population_means? pop_means?
        test_means? mean_ema mean_avg eval_mean inference_mean running_mu mu_running mu_avg
        mu_ema running_avg_mean mean_run mm rm running_m m_run estimated_mean est_mean
        stored_mean mean_buffer mean_running mean_moving accum_mean average_mean ra_mean
        input_mean bn_mean mean_estimate moving_mu mean_stat m
    """,
    Role.RUNNING_VAR: """
        running_vars? running_variances? run_var r_?var moving_vars? moving_variances?
        mov(ing)?_?avg_?var moving_average_var(iance)? vars? variances? exp_vars?
        exp_variances? ema_vars? ema_variances? avg_vars? avg_variances? global_vars?
        population_vars? pop_vars? pop_variances? test_vars? var_ema var_avg eval_var
        inference_var running_sigma2 sigma2 sigma_sq running_sigma_sq running_avg_var var_run
        mv rv running_v v_run running_variance variance_avg variance_ema estimated_var est_var
        stored_var var_buffer var_running var_moving accum_var average_var ra_var
        input_var(iance)? bn_var var_estimate moving_sigma2 var_stat v
    """,
    Role.EPS: """
        eps(ilon)? variance_epsilon bn_eps eps_value small_const tiny delta e
    """,
    Role.MOMENTUM: """
        momentum mom mmt decay rho decay_rate momentum_rate ema_decay ema_momentum bn_momentum
        bn_decay exponential_average_factor avg_factor smoothing alpha average_decay factor mo
        lam rate moving_decay moving_momentum
    """,
    Role.BATCHES_SEEN: """
        num_batches_tracked batches_seen num_batches n_batches step steps count counter
        num_updates n_updates iteration iterations iters? t batch_count
    """,
    Role.CHANNELS: """
        num_features nf num_channels n_?channels channels channel ch c dim dims? n_neurons
        num_neurons neurons num_dims features n_features feature_dim size input_size
        in_features out_features in_channels out_channels n_units units num_units width d n_in
        n_out n hidden_size hidden_dim hidden num_feature feature_size n_dim ndim_features
        planes in_dim input_dim layer_size num_hidden n_hidden length n_feats num_feats
    """,
    Role.RANK: """
        rank ndim n_?dims? num_dims nd dimensions dimension input_ndim
    """,
    Role.AXIS: """
        axis axes channel_axis feature_axis data_format
    """,
    Role.SHAPE: """
        shape input_shape param_shape feature_shape normalized_shape dims
    """,
    Role.TRAINING: """
        train(ing)? train_?flg train_flag is_train(ing)? training_mode train_mode trainable
        training_phase is_training_phase istrain trainmode use_batch_statistics
        use_batch_stats use_input_stats update_stats phase_train
    """,
    Role.EVALUATION: """
        eval(uate|uation)? test(ing)? inference infer is_test is_eval is_inference
        use_running_average use_global_stats use_running_stats testing_mode
        frozen deterministic predict
    """,
    Role.MODE: """
        mode phase state_mode
    """,
    Role.DTYPE: """
        dtype float_type
    """,
    Role.Y: """
        y outputs? out result res_y x_?out xn_out z_?out ret
        bn_out y_?hat out_data
    """,
    Role.DY: """
        dy d?out(put)? dout_put dl_?dy grad_?out(put)?s? upstream(_grad(ient)?)? grads?
        gradient grad_y dz_?(tilde|norm)? dldy dl_dout accum_grad delta delta_out d_out error
        dnext d_y output_grad(ient)? out_grad g_out grad_in dvalues dloss dup upgrad gy gout
        dupstream
    """,
    Role.CACHE: """
        caches? ctx context saved memory tape fwd_cache stored values_saved residuals res
    """,
    Role.STATE: """
        state states batch_stats stats running_stats running statistics variables buffers
        running_statistics collections moving moving_stats ema
    """,
    Role.PARAMETERS: """
        params? parameters? weights theta affine
    """,
    Role.SETTINGS: """
        bn_params? config cfg options? settings hparams hyperparameters
    """,
    Role.RATE: """
        lr l_r learning_rate eta step_size
    """,
    Role.OPTIMIZER: """
        optimi[sz]er optim opt updater
    """,
}
"""Names by role, each a regular expression of a whole name without leading underscores."""

_GRADIENT = re.compile(
    r"(?:d_?|grad_?(?:of_?)?|dl_?d_?|g_(?=\w{2})|delta_)(?P<of>\w+)|(?P<then>\w+?)_?(?:grads?|gradient|diff)"
)
_PATTERNS = {
    role: re.compile("|".join(text.split()), re.IGNORECASE) for role, text in ALIASES.items()
}


def plain(name: str) -> str:
    """A name without leading underscores, in snake case.

    >>> plain("_runningMean"), plain("gamma_")
    ('running_mean', 'gamma')
    """
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip("_"))
    return snake.lower()


def roles_of(name: str) -> list[Role]:
    """All roles that a name may stand for, in the order of the table; gradients last.

    >>> [str(role) for name in ("scale", "exp_mean", "grad_gamma") for role in roles_of(name)]
    ['gamma', 'running_mean', 'dgamma']
    """
    text = plain(name)
    found = [role for role, pattern in _PATTERNS.items() if pattern.fullmatch(text)]
    gradient = _GRADIENT.fullmatch(text)
    if gradient is not None:
        of = gradient.group("of") or gradient.group("then")
        found += [GRADIENT_OF[r] for r in roles_of(of) if r in GRADIENT_OF]
    return found


def affine_words(*, gamma: bool, beta: bool) -> str:
    """Which of gamma and beta there are, as the contract says it.

    >>> affine_words(gamma=True, beta=False)
    'gamma only'
    """
    if gamma and beta:
        return "required"
    return "gamma only" if gamma else "beta only" if beta else "none"


def is_called(name: str, role: Role) -> bool:
    """Whether a name may stand for a role.

    >>> is_called("train_flg", Role.TRAINING), is_called("foo", Role.GAMMA)
    (True, False)
    """
    return role in roles_of(name)
