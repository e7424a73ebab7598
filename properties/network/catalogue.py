"""All properties of a network, in the order of the lectures."""

from bnproof.properties.network.inference import averages_converge, single_example
from bnproof.properties.network.layer import (
    bias_gradient_zero,
    bias_has_no_effect,
    gradients,
    moments_stay,
    weight_orthogonality,
    weight_scale,
)
from bnproof.properties.network.noise import noise
from bnproof.properties.network.optimizers import recurrence_of
from bnproof.properties.network.subject import NetworkProperty

NETWORK_PROPERTIES = (
    NetworkProperty(
        "network/gradients",
        "Z~, dW, dgamma and dbeta of a layer agree with exact arithmetic.",
        "layer-in-front",
        gradients,
    ),
    NetworkProperty(
        "network/bias-has-no-effect",
        "A bias in front changes neither Z~ nor dW, at any step.",
        "bias-invariance",
        bias_has_no_effect,
    ),
    NetworkProperty(
        "network/bias-gradient-zero",
        "The gradient of a bias in front is 0.",
        "bias-gradient-zero",
        bias_gradient_zero,
    ),
    NetworkProperty(
        "network/gradient-descent",
        "Gradient descent follows its recurrence.",
        "gradient-descent",
        recurrence_of("gradient-descent"),
    ),
    NetworkProperty(
        "network/momentum",
        "Momentum follows its recurrence.",
        "momentum-optimizer",
        recurrence_of("momentum"),
    ),
    NetworkProperty(
        "network/rmsprop",
        "RMSprop follows its recurrence.",
        "rmsprop-optimizer",
        recurrence_of("rmsprop"),
    ),
    NetworkProperty(
        "network/adam",
        "Adam follows its recurrence, with both averages corrected.",
        "adam-optimizer",
        recurrence_of("adam"),
    ),
    NetworkProperty(
        "network/weight-scale",
        "W multiplied by c leaves Z~ as it is, but for eps, and divides dW by c.",
        "weight-scale",
        weight_scale,
    ),
    NetworkProperty(
        "network/weight-orthogonality",
        "W . dW = gamma eps inv_std^2 dgamma in each unit.",
        "weight-orthogonality",
        weight_orthogonality,
    ),
    NetworkProperty(
        "network/moments-stay",
        "Mean and variance of Z~ stay at beta and gamma^2 var / (var + eps) as layers before move.",
        "covariate-shift",
        moments_stay,
    ),
    NetworkProperty(
        "network/noise",
        "The noise of mini-batches falls with their size as it must for normal data.",
        "noise",
        noise,
    ),
    NetworkProperty(
        "network/averages-converge",
        "As the running averages converge, inference comes to give what training gives.",
        "running-convergence",
        averages_converge,
    ),
    NetworkProperty(
        "network/single-example",
        "At test time a single example gives what it gives within its batch.",
        "inference-affine",
        single_example,
    ),
)
"""Properties of layers and, where the id is that of an optimizer, of optimizers."""

OPTIMIZERS = ("network/gradient-descent", "network/momentum", "network/rmsprop", "network/adam")
"""Those that are about a `Trajectory`."""
