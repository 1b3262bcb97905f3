"""`as_torch`: what `import torch` means while minigrad stands in, and that nothing of it stays behind."""
from __future__ import annotations

import importlib
import importlib.util
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import minigrad
from minigrad.compat.namespace import public_names, real_name
from minigrad.errors import LackedModuleError, LackedNameError

WAYS_TO_IMPORT = """
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
import torch.autograd
import torch.cuda
import torch.backends.cudnn as cudnn
import torch.utils.data
import torchvision
import torchvision.transforms as T
from torch import Tensor, nn as nn2, optim as optim2
from torch.autograd import Function, Variable
from torch.nn import Module, functional
from torch.nn.modules.module import Module as Module2
from torch.nn.parameter import Parameter
from torch.nn.utils.rnn import pad_sequence
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.dataloader import DataLoader as DataLoader2
from torchvision import datasets, transforms
from torchvision.datasets import MNIST
"""


@pytest.fixture
def torch() -> Iterator[Any]:
    with minigrad.as_torch() as stand_in:
        yield stand_in


def outcome(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---------------------------------------------------------------- what an import gives
def test_every_way_to_import_gives_minigrad(torch: Any) -> None:
    found: dict[str, Any] = {}
    exec(WAYS_TO_IMPORT, found)
    assert found["torch"] is torch is sys.modules["torch"]
    assert found["nn"] is found["nn2"] is torch.nn is sys.modules["torch.nn"]
    assert found["F"] is found["functional"] is torch.nn.functional
    assert found["optim"] is found["optim2"] is torch.optim
    assert found["torchvision"] is sys.modules["torchvision"]
    assert found["T"] is found["transforms"] is found["torchvision"].transforms
    assert found["cudnn"] is torch.backends.cudnn
    assert found["Tensor"] is minigrad.Tensor
    assert found["Module"] is found["Module2"] is minigrad.nn.Module
    assert found["Parameter"] is minigrad.nn.Parameter
    assert found["DataLoader"] is found["DataLoader2"] is minigrad.utils.data.DataLoader
    assert found["StepLR"] is torch.optim.lr_scheduler.StepLR is minigrad.optim.lr_scheduler.StepLR
    assert found["MNIST"] is minigrad.vision.datasets.MNIST


def test_an_attribute_needs_no_import_of_its_module(torch: Any) -> None:
    assert torch.utils.data.TensorDataset is minigrad.utils.data.TensorDataset
    assert torch.nn.utils.rnn.pad_sequence is minigrad.nn.utils.rnn.pad_sequence


def test_an_alias_keeps_what_it_has_looked_up(torch: Any) -> None:
    assert vars(torch)["zeros"] is minigrad.zeros
    assert "save" not in vars(torch)                 # which minigrad itself loads late
    assert torch.save is vars(torch)["save"] is minigrad.save
    assert type(torch) is ModuleType                 # so that Python's own fast look-up of module attributes holds


def test_modules_say_who_they_are(torch: Any) -> None:
    assert torch.__name__ == "torch"
    assert torch.nn.functional.__name__ == "torch.nn.functional"
    assert repr(torch) == "<module 'torch' (minigrad)>"
    assert Path(torch.__file__) == Path(minigrad.__file__)
    assert importlib.util.find_spec("torch") is torch.__spec__
    assert importlib.util.find_spec("torchvision") is not None


def test_names_to_import_with_a_star(torch: Any) -> None:
    everything: dict[str, Any] = {}
    exec("from torch import *\nfrom torch.nn import *\nfrom torch.nn.functional import *", everything)
    assert everything["zeros"] is minigrad.zeros
    assert everything["Module"] is minigrad.nn.Module
    assert everything["cross_entropy"] is minigrad.nn.functional.cross_entropy
    assert not {"Any", "annotations", "importlib", "TYPE_CHECKING", "engine", "vision"} & everything.keys()
    assert {"zeros", "nn", "save", "__version__"} <= set(dir(torch))


@pytest.mark.parametrize("alias", ["torch", "torch.nn", "torch.nn.functional", "torch.optim", "torch.utils.data", "torch.autograd",
                                   "torch.cuda", "torchvision.transforms", "torchvision.datasets"])
def test_every_public_name_is_there(alias: str, torch: Any) -> None:
    module = importlib.import_module(alias)
    names = public_names(alias)
    assert len(names) > 3
    assert [name for name in names if not hasattr(module, name)] == []


@pytest.mark.parametrize("name", ["engine", "kernels", "backend", "vision", "viz", "compat", "errors", "config", "dtypes", "_tensor",
                                  "Any", "annotations", "TYPE_CHECKING", "__wrapped__"])
def test_our_own_affairs_are_not_in_torch(name: str, torch: Any) -> None:
    assert not hasattr(torch, name)


def test_a_patched_attribute_is_what_the_program_sees_and_leaves_minigrad_alone(torch: Any) -> None:
    torch.nn.functional.relu = "patched"
    exec("import torch.nn.functional as F\nassert F.relu == 'patched'")
    assert callable(minigrad.nn.functional.relu)


# ---------------------------------------------------------------- how things print
def test_names_print_as_pytorch_s(torch: Any) -> None:
    assert repr(torch.float32) == "torch.float32"
    assert repr(torch.zeros(2, 3).shape) == "torch.Size([2, 3])"
    assert repr(torch.zeros(2, dtype=torch.int64).dtype) == "torch.int64"
    assert repr(torch.ones(2, dtype=torch.float64)) == "tensor([1., 1.], dtype=torch.float64)"
    assert torch.zeros(1).type() == "torch.FloatTensor"
    assert repr(torch.device("cpu")) == "device(type='cpu')"
    assert repr(torch.device("cuda", 1)) == "device(type='cuda', index=1)"
    assert repr(torch.strided) == "torch.strided"
    assert repr(torch.channels_last) == "torch.channels_last"


def test_names_print_as_ours_again_afterwards() -> None:
    with minigrad.as_torch():
        assert repr(minigrad.float32) == "torch.float32"
    assert repr(minigrad.float32) == "minigrad.float32"


def test_the_version_survives_the_checks_that_programs_make(torch: Any) -> None:
    assert torch.__version__ == torch.version.__version__ == "2.13.0+minigrad"
    assert tuple(int(n) for n in torch.__version__.split(".")[:2]) >= (1, 10)
    assert torch.__version__ >= "2.2"                # as numbers: the text "2.13" is smaller
    assert torch.__version__ >= (2, 0)
    assert not torch.__version__ < "1.13"
    assert isinstance(torch.__version__, str)
    assert torch.version.cuda is None
    packaging = pytest.importorskip("packaging.version")
    assert packaging.parse(torch.__version__) >= packaging.parse("2.0")
    assert packaging.parse(importlib.import_module("torchvision").__version__).minor == 28


# ---------------------------------------------------------------- what we lack
def test_a_lacking_attribute_names_the_nearest(torch: Any) -> None:
    with pytest.raises(AttributeError) as error:
        torch.nn.functional.cross_entropyy           # noqa: B018
    assert str(error.value) == ("module 'torch.nn.functional' has no attribute 'cross_entropyy': minigrad lacks this name; the nearest "
                                "that it has: torch.nn.functional.cross_entropy, torch.nn.functional.linear_cross_entropy, "
                                "torch.nn.functional.binary_cross_entropy")
    assert isinstance(error.value, LackedNameError)
    assert getattr(torch, "no_such_name", 3) == 3
    with pytest.raises(AttributeError, match=r"^module 'torch' has no attribute 'zqxjkw': minigrad lacks this name$"):
        torch.zqxjkw                                 # noqa: B018


def test_a_name_that_lives_elsewhere_is_found_there(torch: Any) -> None:
    with pytest.raises(AttributeError, match=r"the nearest that it has: torch\.nn\.Parameter"):
        torch.Parameter                              # noqa: B018
    with pytest.raises(AttributeError, match=r"the nearest that it has: torch\.utils\.data\.DataLoader"):
        torch.nn.DataLoader                          # noqa: B018


def test_a_lacking_import_names_the_nearest(torch: Any) -> None:
    for statement, wanted in (
        ("from torch.nn import Modul", "cannot import name 'Modul' from 'torch.nn': minigrad lacks this name; "
                                       "the nearest that it has: torch.nn.Module"),
        ("from torch.nn.functional import cross_entropi", "the nearest that it has: torch.nn.functional.cross_entropy"),
        ("import torch.optin", "cannot import name 'optin' from 'torch': minigrad lacks this name; the nearest that it has: torch.optim"),
        ("import torch.utils.dta as d", "the nearest that it has: torch.utils.data"),
        ("from torchvision.transforms import Composed", "the nearest that it has: torchvision.transforms.Compose"),
    ):
        with pytest.raises(ModuleNotFoundError) as error:
            exec(statement, {})
        assert wanted in str(error.value)
        assert isinstance(error.value, LackedModuleError)


def test_minigrad_under_its_own_name_says_the_same() -> None:
    with pytest.raises(AttributeError, match=r"^module 'minigrad' has no attribute 'Parameter': minigrad lacks this name; "
                                             r"the nearest that it has: minigrad\.nn\.Parameter"):
        minigrad.Parameter                           # noqa: B018


def test_asking_costs_no_search(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minigrad.compat.suggestion.nearest", lambda *_: pytest.fail("searched"))
    assert not hasattr(torch, "no_such_name")


# ---------------------------------------------------------------- settings
def test_settings_are_minigrad_s_own(torch: Any) -> None:
    from minigrad.backends import cudnn as real
    torch.backends.cudnn.benchmark = True
    assert real.benchmark is True
    real.benchmark = False
    assert torch.backends.cudnn.benchmark is False
    with torch.backends.cudnn.flags(deterministic=True):
        assert torch.backends.cudnn.deterministic is True
    assert torch.backends.cudnn.deterministic is False
    with pytest.raises(AttributeError, match=r"module 'torch\.backends\.cudnn' has no attribute 'benchmrk': minigrad lacks this name"):
        torch.backends.cudnn.benchmrk                # noqa: B018


# ---------------------------------------------------------------- begin and end
def test_a_real_pytorch_is_hidden_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    real, part = ModuleType("torch"), ModuleType("torch.nn")
    monkeypatch.setitem(sys.modules, "torch", real)
    monkeypatch.setitem(sys.modules, "torch.nn", part)
    finders, modules = list(sys.meta_path), {name: m for name, m in sys.modules.items() if name.startswith("torch")}
    with minigrad.as_torch() as torch:
        assert sys.modules["torch"] is torch is not real
        assert "torch.nn" not in sys.modules
        importlib.import_module("torch.optim")
    assert sys.modules["torch"] is real
    assert sys.modules["torch.nn"] is part
    assert {name: m for name, m in sys.modules.items() if name.startswith("torch")} == modules
    assert sys.meta_path == finders


def test_it_ends_also_by_an_error() -> None:
    before = sys.modules.get("torch")
    with pytest.raises(ZeroDivisionError), minigrad.as_torch():
        1 / 0                                        # noqa: B018
    assert sys.modules.get("torch") is before
    assert repr(minigrad.float32) == "minigrad.float32"


def test_uses_may_overlap() -> None:
    before = sys.modules.get("torch")
    outer, inner = minigrad.as_torch(), minigrad.as_torch()
    torch = importlib.import_module("torch")
    outer.undo()
    outer.undo()                                     # a second time changes nothing
    assert importlib.import_module("torch") is torch
    with minigrad.as_torch() as again:
        assert again is torch
    inner.undo()
    assert sys.modules.get("torch") is before


def test_each_use_begins_fresh() -> None:
    with minigrad.as_torch() as torch:
        torch.mine = 3
    with minigrad.as_torch() as torch:
        assert not hasattr(torch, "mine")


def test_an_alias_works_on_after_the_end() -> None:
    with minigrad.as_torch() as torch:
        pass
    assert torch.optim.SGD is minigrad.optim.SGD
    assert torch.nn.functional.relu is minigrad.nn.functional.relu


def test_pickles_do_not_depend_on_it() -> None:
    with minigrad.as_torch() as torch:
        data = pickle.dumps((torch.ones(2), torch.float64, torch.nn.functional.relu, torch.Size((2,))))
    tensor, dtype, function, size = pickle.loads(data)
    assert tensor.tolist() == [1, 1]
    assert dtype is minigrad.float64
    assert function is minigrad.nn.functional.relu
    assert size == (2,)


def test_called_at_the_head_of_a_program() -> None:
    assert outcome("import minigrad\nminigrad.as_torch()\nimport torch\nprint(torch.zeros(1).dtype)") == "torch.float32\n"


def test_an_installed_pytorch_does_not_leak_in() -> None:
    code = WAYS_TO_IMPORT.replace("\nimport torch\n", "\nimport sys, minigrad\nminigrad.as_torch()\nimport torch\n") + """
folders = tuple(f"{path}/{top}/" for path in sys.path for top in ("torch", "torchvision"))
print([name for name, m in sys.modules.items() if (getattr(m, "__file__", None) or "").startswith(folders)])
print(torch._C.__file__.endswith("extension.py"))
"""
    assert outcome(code) == "[]\nTrue\n"


def test_importing_minigrad_does_not_load_what_only_messages_need() -> None:
    code = ("import sys, numpy; before = set(sys.modules)\nimport minigrad; minigrad.as_torch(); import torch; torch.zeros(2)\n"
            "print({'difflib', 'pkgutil', 'minigrad.cuda', 'minigrad.nn'} & (set(sys.modules) - before))")
    assert outcome(code) == "set()\n"


@pytest.mark.parametrize(("alias", "real"), [
    ("torch", "minigrad"), ("torch.nn.functional", "minigrad.nn.functional"), ("torchvision.transforms", "minigrad.vision.transforms"),
    ("torch.nn.modules", "minigrad.nn.modules"), ("torch.nn.modules.batchnorm", "minigrad.nn.modules"),
    ("torch.utils.data.dataset", "minigrad.utils.data"),
    ("torch.nn.registration", None), ("torch.engine", None), ("torch.ops.conv", None), ("torch.nn.functional.relu", None),
    ("numpy", None), ("torchvision._pillow", None), ("torch.utils.nowhere.deep", None),
])
def test_which_module_answers(alias: str, real: str | None) -> None:
    assert real_name(alias) == real


# ---------------------------------------------------------------- what packages ask before they import
def test_packages_that_ask_for_the_installed_version_are_told(torch: Any) -> None:
    from importlib.metadata import version
    assert version("torch") == str(torch.__version__)
    assert version("torchvision").endswith("+minigrad")
    assert version("numpy") == importlib.import_module("numpy").__version__          # others are found where they are


def test_no_version_is_left_behind() -> None:
    from importlib.metadata import PackageNotFoundError, version
    with minigrad.as_torch():
        pass
    try:
        assert "minigrad" not in version("torch")
    except PackageNotFoundError:
        pass


@pytest.mark.parametrize(("name", "bytes_", "floats", "signed"), [
    ("bfloat16", 2, True, True), ("float8_e4m3fn", 1, True, True), ("float8_e5m2", 1, True, True), ("uint16", 2, False, False),
    ("uint64", 8, False, False), ("quint8", 1, False, False), ("complex32", 4, False, True)])
def test_a_dtype_without_tensors_can_be_named_and_compared(torch: Any, name: str, bytes_: int, floats: bool, signed: bool) -> None:
    dtype = getattr(torch, name)
    assert isinstance(dtype, torch.dtype)
    assert repr(dtype) == f"torch.{name}"
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert (dtype.itemsize, dtype.is_floating_point, dtype.is_signed) == (bytes_, floats, signed)
    assert torch.zeros(1).dtype != dtype
    with pytest.raises(NotImplementedError, match=f"{name}.*; use "):
        torch.zeros(1, dtype=dtype)
    with pytest.raises(NotImplementedError, match=f"{name}.*; use "):
        torch.zeros(1).to(dtype)


def test_a_dtype_without_tensors_has_the_facts_of_pytorch() -> None:
    theirs: Any = pytest.importorskip("torch")
    from minigrad.dtypes import NAMED
    for name, dtype in NAMED.items():
        real = getattr(theirs, name)
        assert (dtype.itemsize, dtype.is_floating_point, dtype.is_complex) == (real.itemsize, real.is_floating_point, real.is_complex)
        if not name.startswith("q"):                 # PyTorch does not say it of those
            assert dtype.is_signed == real.is_signed
        if dtype.is_floating_point:
            ours, limits = minigrad.finfo(dtype), theirs.finfo(real)
            for fact in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype"):
                assert getattr(ours, fact) == getattr(limits, fact), (name, fact)
        elif name.startswith("uint"):
            assert minigrad.iinfo(dtype).max == theirs.iinfo(real).max


def test_private_names_that_packages_use(torch: Any) -> None:
    from torch.distributions.utils import _standard_normal, _sum_rightmost
    from torch.serialization import FILE_LIKE, MAP_LOCATION
    from torch.utils.hooks import RemovableHandle
    assert _standard_normal((2, 3), dtype=torch.float64, device=torch.device("cpu")).dtype is torch.float64
    assert _sum_rightmost(torch.ones(2, 3, 4), 2).tolist() == [12, 12]
    assert FILE_LIKE is not None
    assert MAP_LOCATION is not None
    assert isinstance(torch.nn.Linear(1, 1).register_forward_hook(print), RemovableHandle)
    assert importlib.import_module("torch.utils.data._utils.collate").default_collate([1, 2]).tolist() == [1, 2]
    with pytest.raises(ImportError, match="cannot import name '_sum_leftmost' from"):
        from torch.distributions.utils import _sum_leftmost  # noqa: F401


def test_a_namespace_can_be_walked_through(torch: Any) -> None:
    optimizers = [value for value in vars(torch.optim).values() if isinstance(value, type) and issubclass(value, torch.optim.Optimizer)]
    assert {torch.optim.Adam, torch.optim.SGD, torch.optim.LBFGS} < set(optimizers)
    normal = torch.distributions.__dict__["Normal"]
    assert issubclass(normal, torch.distributions.Distribution)
    assert "TYPE_CHECKING" not in vars(torch.distributions)


def test_import_star_takes_what_a_module_lists(torch: Any) -> None:
    found: dict[str, Any] = {}
    exec("from torch.distributions.constraints import *", found)
    assert "positive" in found
    assert "SUM_OF_PROBABILITIES" not in found


def test_classes_that_files_may_build_are_noted(torch: Any) -> None:
    from collections import deque
    with torch.serialization.safe_globals([deque]):
        assert torch.serialization.get_safe_globals() == [deque]
    torch.serialization.add_safe_globals([deque, deque])
    assert torch.serialization.get_safe_globals() == [deque]
    torch.serialization.clear_safe_globals()
    assert torch.serialization.get_safe_globals() == []


def test_what_a_dictionary_is_as_a_tree(torch: Any) -> None:
    from torch.utils._pytree import MappingKey, _dict_flatten, _dict_flatten_with_keys, _dict_unflatten
    d = {"b": 1, "a": [2]}
    assert _dict_unflatten(*_dict_flatten(d)) == d
    assert _dict_flatten_with_keys(d) == ([(MappingKey("b"), 1), (MappingKey("a"), [2])], ["b", "a"])


def test_states_of_devices_of_tensors_on_the_host(torch: Any) -> None:
    from torch.utils.checkpoint import get_device_states, set_device_states
    assert get_device_states(torch.ones(1), 3) == ([], [])
    set_device_states([], [])
    assert not torch.cuda._initialized


def test_what_packages_ask_of_the_compiled_part(torch: Any) -> None:
    assert torch._C._get_tracing_state() is None
    assert torch._C._get_accelerator().type in ("cpu", "cuda")
    assert torch._C._LinAlgError is torch.linalg.LinAlgError
    assert torch._C._nn._parse_to("cpu", torch.float64, True) == (torch.device("cpu"), torch.float64, True, None)
    assert torch._C._nn._parse_to(torch.ones(1).half()) == (torch.device("cpu"), torch.float16, False, None)
    assert torch._C._disabled_torch_function_impl(torch.add, (), (torch.ones(1), 2)).item() == 3
    assert isinstance(torch.cuda.stream(None), torch.cuda.StreamContext)


def test_names_that_packages_import_and_seldom_use(torch: Any) -> None:
    from multiprocessing import Manager
    found: dict[str, Any] = {}
    exec("from torch.multiprocessing import Manager\nfrom torch.utils.model_zoo import load_url\n"
         "from torch.jit import Final, ScriptModule\n"
         "from torch.optim.optimizer import required\nfrom torch.serialization import DEFAULT_PROTOCOL\n"
         "from torch.nn.parallel.scatter_gather import scatter\nfrom torch.hub import HASH_REGEX, urlparse\n"
         "from torch.jit.annotations import List\n"
         "from torch.utils.data._utils.collate import np_str_obj_array_pattern\n"
         "from torch.distributed.distributed_c10d import ProcessGroup", found)
    assert found["Manager"].__func__ is Manager.__func__                 # type: ignore[attr-defined]
    assert found["load_url"] is torch.hub.load_state_dict_from_url
    assert not isinstance(torch.nn.Linear(1, 1), found["ScriptModule"])
    assert repr(found["required"]) == "<required parameter>"
    assert torch.fx.wrap(len) is len


def test_ops_of_a_package_under_their_names(torch: Any) -> None:
    def cube(x: Any, factor: float = 1.0) -> Any:
        return factor * x.detach() ** 3

    torch.library.custom_op("tests::cube", cube, mutates_args=())
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert not torch.ops.tests.cube(x).requires_grad  # no gradient yet
    torch.library.register_autograd(
        "tests::cube", lambda ctx, g: (3 * ctx.factor * ctx.saved_tensors[0] ** 2 * g, None),
        setup_context=lambda ctx, inputs, output: (ctx.save_for_backward(inputs[0]), setattr(ctx, "factor", inputs[1])))
    torch.ops.tests.cube(x, factor=2.0).sum().backward()
    assert x.grad.tolist() == [6.0, 24.0]
    assert not hasattr(torch.ops.tests, "square")
    assert not hasattr(torch.ops, "__path")
    assert torch.library.register_fake("tests::cube", cube) is cube
    with pytest.raises(ValueError, match="there is no op tests::square; make it with custom_op first"):
        torch.library.register_autograd("tests::square", cube)
    with pytest.raises(ValueError, match="a name looks like namespace::name; got 'cube'"):
        torch.library.custom_op("cube", cube, mutates_args=())


def test_the_device_without_memory_can_be_named_only(torch: Any) -> None:
    meta = torch.device("meta")
    assert meta.type == "meta"
    assert torch.zeros(1).device != meta
    for make in (lambda: torch.zeros(1, device="meta"), lambda: torch.zeros(1).to(meta), lambda: torch.nn.Linear(1, 1).to("meta")):
        with pytest.raises(RuntimeError, match="'meta' is PyTorch's device without memory, which minigrad does not have; use device 'cpu'"):
            make()


def test_built_in_ops_under_their_long_names(torch: Any) -> None:
    assert torch.ops.aten.add.Tensor(torch.ones(1), 2).item() == torch.ops.aten.add(torch.ones(1), 2).item() == 3
    assert not hasattr(torch.ops.aten, "no_such_op")


def test_built_in_ops_that_have_other_names_here(torch: Any) -> None:
    aten, x = torch.ops.aten, torch.arange(6.0).view(2, 3)
    assert aten.slice.Tensor(x, -1, 0, 3, 2).tolist() == [[0, 2], [3, 5]]
    assert aten.index.Tensor(x, [None, torch.tensor([2])]).tolist() == [[2], [5]]
    copy, alias = aten._to_copy.default(x, dtype=torch.int64), aten.alias.default(x)
    alias.zero_()
    assert copy.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert x.sum() == 0
    assert aten.add_.Tensor(x, 1) is x
    assert aten._sparse_addmm.default(torch.zeros(2, 2), x, x.t()).tolist() == [[3, 3], [3, 3]]


def test_tensors_in_parts_can_be_named_and_are_refused(torch: Any) -> None:
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import DTensor, distribute_tensor

    assert not isinstance(torch.ones(1), DTensor)
    for make in (lambda: DTensor(torch.ones(1)), lambda: init_device_mesh("cpu", (2,)), lambda: distribute_tensor(torch.ones(1))):
        with pytest.raises(NotImplementedError, match=r"tensors are not divided over devices; .*DistributedDataParallel"):
            make()


def test_the_parts_of_a_repr(torch: Any) -> None:
    import torch._tensor_str as parts

    values = parts._tensor_str(torch.arange(4).view(2, 2), 7)
    assert values == "[[0, 1],\n        [2, 3]]"
    assert parts._add_suffixes("Index(" + values, ["a=1", "b=2"], 6, False) == "Index([[0, 1],\n        [2, 3]], a=1, b=2)"
    assert parts._add_suffixes("Index([0]", ["a=1", "b=2"], 6, True) == "Index([0],\n      a=1, b=2)"
    assert parts.PRINT_OPTS.edgeitems == 3


def test_overloads_for_the_compiler_are_the_function(torch: Any) -> None:
    assert torch.jit._overload(abs) is abs
