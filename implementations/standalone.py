"""The adapters of this folder as source text, for scripts that need no more than the target.

Each defines IMPLEMENTATION, an object of the contract, out of TARGET, which is what the user wrote.
"""

COURSE = '''
class CourseFunctions:
    """The two functions of the exercise, called as it calls them."""

    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):
        bn_param = {"mode": "train", "eps": eps, "momentum": momentum}
        return self.call(x, gamma, beta, bn_param, running_mean, running_var)

    def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
        return self.call(x, gamma, beta, {"mode": "test", "eps": eps}, running_mean, running_var)

    def call(self, x, gamma, beta, bn_param, running_mean, running_var):
        bn_param["running_mean"] = running_mean.copy()
        bn_param["running_var"] = running_var.copy()
        out, cache = TARGET[0](x, gamma, beta, bn_param)
        statistics = bn_param["running_mean"], bn_param["running_var"]
        return out, *statistics, lambda dy: TARGET[1](dy, cache)


IMPLEMENTATION = CourseFunctions()
'''
