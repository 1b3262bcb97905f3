"""Which of our modules answers to which of PyTorch's names, and which of its names are for users."""
from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

OURS = __name__.partition(".")[0]
TOPS = {"torch": OURS, "torchvision": f"{OURS}.vision"}

# Modules of ours that carry the name and the meaning of PyTorch's. Those beside them are nobody's business.
MODULES = {
    "torch": frozenset((
        "__config__", "accelerator", "amp", "autograd", "backends", "compiler", "cuda", "distributed", "distributions", "fft",
        "cpu", "func", "futures", "fx", "hub", "jit", "library", "linalg", "mps", "mtia", "multiprocessing", "nn", "onnx", "optim",
        "overrides", "profiler", "random", "return_types", "serialization", "signal", "special", "testing", "types", "utils", "version",
        "xpu")),
    "torch.distributions": frozenset((
        "bernoulli", "beta", "binomial", "categorical", "cauchy", "chi2", "constraint_registry", "constraints", "continuous_bernoulli",
        "dirichlet", "distribution", "exp_family", "exponential", "fishersnedecor", "gamma", "generalized_pareto", "geometric", "gumbel",
        "half_cauchy", "half_normal", "independent", "inverse_gamma", "kl", "kumaraswamy", "laplace", "lkj_cholesky", "log_normal",
        "logistic_normal", "lowrank_multivariate_normal", "mixture_same_family", "multinomial", "multivariate_normal",
        "negative_binomial", "normal", "one_hot_categorical", "pareto", "poisson", "relaxed_bernoulli", "relaxed_categorical",
        "studentT", "transformed_distribution", "transforms", "uniform", "utils", "von_mises", "weibull", "wishart")),
    "torch.nn": frozenset(("attention", "common_types", "functional", "grad", "init", "modules", "parallel", "parameter", "utils")),
}

# Where PyTorch has more files than we: all of these are the namespace on the left.
FILES = {
    "torch.autograd": ("variable", "grad_mode"),
    "torch.distributed": ("distributed_c10d",),
    "torch.cuda.amp": ("autocast_mode", "common", "grad_scaler"),
    "torch.nn.utils": ("convert_parameters", "init", "memory_format", "spectral_norm", "weight_norm"),
    "torch.nn.parallel": ("data_parallel", "distributed", "scatter_gather"),
    "torch.nn.modules": (
        "activation", "adaptive", "batchnorm", "channelshuffle", "container", "conv", "distance", "dropout", "flatten", "fold",
        "instancenorm", "lazy", "linear", "loss", "module", "normalization", "padding", "pixelshuffle", "pooling", "rnn", "sparse",
        "transformer", "upsampling", "utils"),
    "torch.utils.data": ("dataset", "dataloader", "sampler"),
    "torchvision.datasets": ("vision", "fakedata", "flowers102", "oxford_iiit_pet", "svhn"),
    "torchvision.io": ("image",),
    "torchvision.models": ("_utils", "alexnet", "googlenet", "mobilenet"),
    "torchvision.models.detection": ("generalized_rcnn", "image_list"),
    "torchvision.ops": ("ciou_loss", "deform_conv", "diou_loss", "drop_block", "feature_pyramid_network", "focal_loss", "giou_loss", "misc",
                        "poolers", "roi_align", "roi_pool", "stochastic_depth"),
    "torchvision.transforms": ("transforms", "autoaugment"),
}
_NAMESPACE_OF = {f"{namespace}.{file}": namespace for namespace, files in FILES.items() for file in files}

# Modules of PyTorch's whose names stand in one of ours that is called otherwise, or lies elsewhere.
HOMES = {
    "torch._C": "compat.extension",
    "torch._dynamo": "dynamo",
    "torch._dynamo._trace_wrapped_higher_order_op": "dynamo",
    "torch._inductor": "dynamo",
    "torch.distributed.device_mesh": "compat.sharding",
    "torch.distributed.tensor": "compat.sharding",
    "torch.nn.attention.flex_attention": "nn.flexible_attention",
    "torch.ops": "compat.custom_ops",
    "torch.jit.annotations": "jit",
    "torch.storage": "_storage",
    "torch._tensor_str": "compat.private",
    "torch.utils.data._utils": "utils.data",
    "torch.utils.data._utils.collate": "utils.data.collate",
    "torch.utils._pytree": "utils._pytree",
    "torch.utils.hooks": "engine.hooks",
}

# Names that packages use though PyTorch's documents have them not, and where we have them.
PRIVATE = {
    "torch.Future": "futures.Future",
    "torch._tensor_str.PRINT_OPTS": "_printing.options",
    "torch._tensor_str._add_suffixes": "compat.private.add_suffixes",
    "torch._tensor_str._tensor_str": "compat.private.tensor_str",
    "torch.cuda._initialized": "compat.private.CUDA_INITIALIZED",
    "torch.distributions.utils._standard_normal": "compat.private.standard_normal",
    "torch.distributions.utils._sum_rightmost": "distributions.utils.sum_rightmost",
    "torch.hub.HASH_REGEX": "hub.HASH",
    "torch.hub.urlparse": "hub.urlparse",
    "torch.jit._overload": "compat.private.jit_overload",
    "torch.jit.annotations.Dict": "compat.private.Dict",
    "torch.jit.annotations.List": "compat.private.List",
    "torch.jit.annotations.Optional": "compat.private.Optional",
    "torch.jit.annotations.Tuple": "compat.private.Tuple",
    "torch.optim.optimizer.required": "compat.private.required",
    "torch.serialization.DEFAULT_PROTOCOL": "compat.private.DEFAULT_PROTOCOL",
    "torch.nn.init._calculate_correct_fan": "nn.init._fan",
    "torch.serialization.FILE_LIKE": "serialization.FILE_LIKE",
    "torch.serialization.MAP_LOCATION": "serialization.MAP_LOCATION",
    "torch.utils.data._utils.collate.np_str_obj_array_pattern": "compat.private.np_str_obj_array_pattern",
}

# Where a name is looked for that another module lacks.
SEARCHED = (
    "torch", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.utils", "torch.nn.utils.rnn", "torch.optim",
    "torch.optim.lr_scheduler", "torch.autograd", "torch.autograd.functional", "torch.linalg", "torch.special", "torch.fft", "torch.func",
    "torch.signal.windows", "torch.distributions", "torch.utils.data", "torch.cuda", "torch.amp", "torch.random", "torch.profiler",
    "torchvision.datasets", "torchvision.transforms", "torchvision.transforms.functional", "torchvision.models",
    "torchvision.ops", "torchvision.utils", "torchvision.io",
)


def real_name(name: str) -> str | None:
    """The module of ours behind `torch.nn.functional`; None if there is none.

    >>> real_name("torch.autograd"), real_name("torchvision.datasets"), real_name("torch.nn.modules.conv"), real_name("torch.engine")
    ('minigrad.autograd', 'minigrad.vision.datasets', 'minigrad.nn.modules', None)
    """
    if name in HOMES:
        return f"{OURS}.{HOMES[name]}"
    alias, *parts = _NAMESPACE_OF.get(name, name).split(".")
    if alias not in TOPS:
        return None
    real = ".".join([TOPS[alias], *parts])
    for part in parts:
        if part not in MODULES[alias] if alias in MODULES else part.startswith("_"):
            return None
        alias += f".{part}"
    return real if real in sys.modules or _findable(real) else None


def private(alias: str, name: str) -> Any:
    """What stands behind an undocumented name of PyTorch's; None if nothing does."""
    home, _, attribute = PRIVATE.get(f"{alias}.{name}", "").rpartition(".")
    return getattr(import_module(f"{OURS}.{home}"), attribute) if attribute else None


def _findable(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:                      # its parent is not there, or is no package
        return False


def alias_of(module: ModuleType) -> str | None:
    """`torch.nn` for our `nn`; None for a module that PyTorch's users do not know."""
    for top, real in reversed(TOPS.items()):         # the deeper one first
        if f"{module.__name__}.".startswith(f"{real}."):
            alias = top + module.__name__.removeprefix(real)
            return alias if real_name(alias) == module.__name__ else None
    return None


def is_public(name: str, value: Any) -> bool:
    """True for what a module of ours offers, False for what it imports for its own use."""
    if name.startswith("_"):
        return name in ("__version__", "__config__")
    if isinstance(value, ModuleType):
        return (alias_of(value) or "torch") not in TOPS
    return str(getattr(value, "__module__", OURS)).partition(".")[0] == OURS and name != "TYPE_CHECKING"


def public_names(alias: str) -> list[str]:
    """The names that `alias` offers its users, modules that are not loaded yet included."""
    real = real_name(alias)
    if real is None:
        return []
    try:
        module = import_module(real)
    except ImportError:                              # an optional library is not installed
        return []
    here = vars(module)                              # dir() also knows what is loaded late
    names = {name for name in dir(module) if is_public(name, here.get(name)) and (name in here or not _findable(f"{real}.{name}"))}
    return sorted(names | set(submodules(alias)))


def submodules(alias: str) -> Iterator[str]:
    """The last parts of the names of the modules directly below `alias`."""
    from pkgutil import iter_modules
    module = import_module(real_name(alias) or OURS)
    for info in iter_modules(getattr(module, "__path__", ())):
        if real_name(f"{alias}.{info.name}"):
            yield info.name
