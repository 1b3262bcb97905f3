"""PyTorch's public names, walked one by one: which minigrad has, which it has not, and why."""
from __future__ import annotations

import re
import types
from importlib import import_module
from typing import Any

import torch

import minigrad as mg
import minigrad.nn.functional

NAMESPACES: dict[str, tuple[Any, Any]] = {
    "torch": (torch, mg), "torch.Tensor": (torch.Tensor, mg.Tensor), "torch.nn.functional": (torch.nn.functional, mg.nn.functional),
    "torch.linalg": (torch.linalg, mg.linalg), "torch.special": (torch.special, mg.special), "torch.fft": (torch.fft, mg.fft)}

MODULE_NAMESPACES: dict[str, tuple[Any, Any]] = {
    **{title: (import_module(title), import_module(title.replace("torch", "minigrad", 1))) for title in (
        "torch.nn", "torch.nn.modules", "torch.nn.parameter", "torch.nn.init", "torch.nn.grad", "torch.nn.attention", "torch.nn.parallel",
        "torch.nn.utils", "torch.nn.utils.rnn", "torch.nn.utils.parametrize", "torch.nn.utils.parametrizations",
        "torch.nn.utils.prune", "torch.optim",
        "torch.optim.lr_scheduler", "torch.optim.swa_utils")},
    "torch.nn.Module": (torch.nn.Module, mg.nn.Module), "torch.optim.Optimizer": (torch.optim.Optimizer, mg.optim.Optimizer)}

# (reason, pattern of whole names), looked through in this order.
REASONS: list[tuple[str, str]] = [
    ("sparse tensors",
     r".*sparse.*|SparseAdam|saddmm|sspaddmm|[hs]?spmm|dsmm|hsmm|hspmm|smm|(ccol_|crow_|col_|row_)?indices(_copy)?|values(_copy)?|coalesce"
     r"|is_coalesced|dense_dim"),
    ("quantized tensors",
     r".*quantize.*|q_.*|q(u?int|scheme).*|quint.*|int_repr|per_(channel|tensor)_.*|fbgemm_.*|.*moving_avg.*|choose_qparams.*|Q.*Storage"),
    ("TorchScript, the compiler of graphs, and what serves PyTorch's own working",
     r".*Type|.*Script.*|Graph.*|Code|CompilationUnit|Capsule|Argument.*|AliasDb|Block|CallStack|CompleteArgumentSpec|ConcreteModule.*"
     r"|DeepCopyMemoTable|ErrorReport|ExecutionPlan|FileCheck|FunctionSchema|Future|Gradient|IODescriptor|JITException|Node|OperatorInfo"
     r"|StaticModule|Tag|TracingState|Use|Value|fork|wait|import_ir_.*|parse_.*|merge_type.*|unify_type_list|PyTorchFile.*"
     r"|.*StorageContext|LockingLogger|LoggerBase|NoopLogger|AVG|SUM|BroadcastingList.|boolean_dispatch|ThroughputBenchmark"
     r"|BenchmarkConfig|BenchmarkExecutionStats|BufferDict|ModuleDict|ParameterDict|cond|while_loop|sym_.*|Sym.*|classproperty"
     r"|get_file_path|FatalError|PRIVATE_OPS|USE_.*|DisableTorch.*|Dispatch.*|ExcludeDispatch.*|(has|handle)_torch_function.*"
     r"|prepare_multiprocessing_environment|thread_safe_generator|profiler_.*|compiled_with_cxx11_abi|init_num_threads"
     r"|get_device_module|grad_dtype|module_load|as_subclass|assert_int_or_pair"),
    ("storages: memory is NumPy's",
     r".*Storage.*|storage.*|untyped_storage|is_storage|set_|from_file|to_dlpack|from_dlpack|const_data_ptr|is_set_to|record_stream"),
    ("dtypes that NumPy has not, or that PyTorch hardly computes with",
     r"bfloat16|BFloat16.*|chalf|complex32|float[48]_.*|u?int\d+|bits.*|bit"),
    ("devices other than the CPU and CUDA, and what belongs to their libraries",
     r"cudnn_.*|miopen_.*|mkldnn.*|to_mkldnn|is_vulkan.*|.*_xla.*|.*_ipu.*|ipu|mtia|xpu|has_.*|Event|Stream|AcceleratorError"
     r"|OutOfMemoryError|.*scaled.*mm|grouped_mm"),
    ("raw forms, which nn.functional and nn call in PyTorch",
     r"native_norm|native_channel_shuffle|batch_norm_.*|embedding_bag|conv_tbc|GRID_SAMPLE.*|slice_inverse|hash_tensor|index"),
    ("gone, or going: PyTorch says so when called",
     r"eig|lstsq|matrix_rank|solve|symeig|volatile|reinforce|resize(_as)?"),
    ("not there",
     r"binomial|to_padded_tensor|jagged|is_anomaly.*|set_anomaly.*"),
    ("batches are not split over devices, nor models over processes", r"DistributedDataParallel.*|gather|parallel_apply|replicate|scatter"),
    ("attention is one kernel: there is nothing to choose", r"SDPAParams|WARN_FOR_UNFUSED.*|.*flash_attention.*|can_use_efficient.*"),
    ("no part of the interface: documentation, names imported by the module, types and helpers of its own",
     r".*_notes?|.*common.*|Tensor|Optional|TYPE_CHECKING|multi_dim_common|Literal|Self|Union|Optimizer|bind|inf|bisect_right|warn"
     r"|EPOCH_DEPRECATION_WARNING|PARAM_LIST|T_destination|Optimizer(Pre|Post)Hook|PackedSequence_|copy_method_params|profile_hook_step"
     r"|swap_in_optimizer_params_and_state|OpaqueBase|get_swap_module_params.*|is_opaque_reference_type|is_traceable_wrapper_subclass"),
]


def public(namespace: Any) -> list[str]:
    """The names of functions, classes and values, without those of modules and of what was imported from Python's own."""
    names = []
    for name in dir(namespace):
        value = getattr(namespace, name, None)
        own = (getattr(value, "__module__", None) or "torch").startswith("torch")
        function = isinstance(value, (types.FunctionType, type))
        if not name.startswith("_") and not isinstance(value, types.ModuleType) and (own or not function):
            names.append(name)
    return names


def has(namespace: Any, name: str) -> bool:
    try:
        return hasattr(namespace, name)
    except NotImplementedError:                      # a stated limit
        return False


def lacked(namespaces: dict[str, tuple[Any, Any]] = NAMESPACES) -> dict[str, dict[str, list[str]]]:
    """Namespace -> reason -> names that are not there. What no reason is given for stands under the reason ""."""
    found: dict[str, dict[str, list[str]]] = {}
    for title, (theirs, ours) in namespaces.items():
        by_reason: dict[str, list[str]] = {}
        for name in public(theirs):
            if not has(ours, name):
                reason = next((r for r, pattern in REASONS if re.fullmatch(pattern, name)), "")
                by_reason.setdefault(reason, []).append(name)
        found[title] = by_reason
    return found
