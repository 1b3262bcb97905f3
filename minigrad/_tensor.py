"""class Tensor: one line per method. What a method does stands in `ops/`."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import _data, dtypes
from . import _dlpack as dlpack
from . import _interop as interop
from . import _storage as memory
from . import _subclass as subclass
from ._device import device as Device
from ._layout import layout
from ._size import Size
from .backend import backend_of
from .engine import call, hooks, inplace
from .engine.backward import backward as run_backward
from .engine.inplace import in_place, node_of, restrides
from .engine.node import COUNT, Leaf, Node, Pick, TensorBase, wrap
from .engine.operators import in_place_operator, operator, reflected
from .errors import ArgumentTypeError, DtypeError, GraphError, ShapeError, describe
from .ops import (
    activation,
    affine,
    axes,
    bessel,
    bins,
    bitwise,
    blocks,
    compare,
    copies,
    cumulative,
    divisors,
    draws,
    elementwise,
    exponentials,
    extremum,
    factorizations,
    floats,
    fused,
    index,
    join,
    linalg,
    lookup,
    magnitude,
    mask,
    order_statistics,
    overwrite,
    parts,
    powers,
    products,
    reduce,
    reflectors,
    rounding,
    rows,
    scatters,
    select,
    sets,
    special,
    spectrogram,
    statistics,
    systems,
    triangle,
    triangular,
    trigonometry,
)
from .ops import complex as complex_ops
from .ops import lu as lu_ops
from .ops import matmul as matmul_ops
from .ops import shape as shape_ops
from .ops import softmax as softmax_ops
from .ops import sort as sort_ops
from .ops import tile as tile_ops
from .ops.dims import one_dim


class Tensor(TensorBase):
    """An array that records what is done with it."""
    __slots__ = ()

    def __init__(self, *data: Any, device: Any = None, **options: Any) -> None:
        """PyTorch's legacy constructor: `Tensor(2, 3)` is uninitialised memory, `Tensor([1, 2])` float data."""
        if hasattr(self, "array"):                   # `__new__` of a class below has made it, with options of its own
            return
        if options:
            raise ArgumentTypeError(f"Tensor: got an unexpected keyword argument {next(iter(options))!r}; use minigrad.tensor(...)")
        made = interop.legacy(data, device)
        self.array, self.node, self.cell, self._grad, self.base = made, None, [0, 0, None], None, None

    _make_subclass = staticmethod(subclass.make_subclass)
    as_subclass = subclass.as_subclass

    # ------------------------------------------------------------ what it is
    @property
    def shape(self) -> Size:
        return Size(self.array.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or its size along one dimension."""
        return Size(self.array.shape) if dim is None else self.array.shape[one_dim("size", dim, self.array.ndim)]

    @property
    def ndim(self) -> int:
        return self.array.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim
    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return int(self.array.size)
    nelement = numel

    @property
    def dtype(self) -> dtypes.dtype:
        return dtypes.from_numpy_dtype(self.array.dtype)

    @property
    def device(self) -> Device:
        return backend_of(self.array).device_of(self.array)

    def get_device(self) -> int:
        """The index of the CUDA device; -1 on the CPU."""
        return -1 if self.is_cpu else self.device.index or 0

    @property
    def is_cuda(self) -> bool:
        return self.device.type == "cuda"

    @property
    def is_cpu(self) -> bool:
        return self.device.type == "cpu"

    layout = layout.strided
    is_sparse = is_sparse_csr = is_quantized = is_meta = is_nested = is_mkldnn = False
    is_mps = is_xpu = is_xla = is_ipu = is_mtia = is_maia = is_vulkan = False
    names: Any = property(lambda self: (None,) * self.array.ndim)
    name: Any = property(lambda self: None)

    @property
    def itemsize(self) -> int:
        return self.array.itemsize

    def element_size(self) -> int:
        """Bytes per element."""
        return self.array.itemsize

    @property
    def nbytes(self) -> int:
        return int(self.array.size * self.array.itemsize)

    def stride(self, dim: int | None = None) -> Any:
        """Elements to skip in memory per step along each dimension."""
        return interop.stride(self, dim)

    def storage_offset(self) -> int:
        """Elements between the start of the memory and the first element."""
        return interop.storage_offset(self)

    def data_ptr(self) -> int:
        """Address of the first element."""
        return inplace.address(self.array)

    untyped_storage, storage, is_set_to = memory.untyped_storage, memory.storage, memory.is_set_to

    def dim_order(self, ambiguity_check: Any = False) -> tuple[int, ...]:
        """The dimensions from the slowest in memory to the fastest."""
        return interop.dim_order(self, ambiguity_check)

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """True for row-major memory without gaps."""
        return self.array.flags.c_contiguous

    @property
    def data(self) -> Tensor:
        """The same memory outside the graph; writes through it go unnoticed by saved values."""
        return wrap(self.array)

    @data.setter
    def data(self, value: Tensor) -> None:
        interop.set_data(self, value)

    # ------------------------------------------------------------ the graph
    @property
    def requires_grad(self) -> bool:
        return node_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        self.requires_grad_(on)

    @property
    def is_leaf(self) -> bool:
        node = node_of(self)
        return node is None or isinstance(node, Leaf)

    @property
    def grad_fn(self) -> Node | None:
        """The node that made it; None for a leaf."""
        node = node_of(self)
        return None if isinstance(node, Leaf) else node.parents[0] if type(node) is Pick else node

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward passes have added up here; None before the first."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise ArgumentTypeError(f"grad: must be a Tensor or None; got {describe(value)}")
            if value.array.shape != self.array.shape:
                raise ShapeError(f"grad: assigned grad has data of a different size; got {describe(value)} for {describe(self)}")
            if value.array.dtype != self.array.dtype:
                raise DtypeError(f"grad: assigned grad has data of a different type; got {describe(value)} for {describe(self)}")
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def retains_grad(self) -> bool:
        """True for a tensor that is no leaf and collects its gradient all the same."""
        return not self.is_leaf and "_retains_grad" in self.__dict__

    @property
    def output_nr(self) -> int:
        """Which output of its op it is."""
        return self.node.index if type(self.node) is Pick else 0

    @property
    def _base(self) -> Tensor | None:
        """The tensor whose memory this one is a view of; None for one with memory of its own."""
        return self.base

    def _is_view(self) -> bool:
        """True for a view of another tensor's memory."""
        return self.base is not None

    @property
    def _version(self) -> int:
        """How often its memory was written."""
        return self.cell[COUNT]

    def is_inference(self) -> bool:
        """False: tensors made under inference_mode are ordinary ones here."""
        return False

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Start or stop collecting a gradient here. Floating-point leaves only."""
        node = node_of(self)
        if not requires_grad:
            if node is not None and not isinstance(node, Leaf):
                raise GraphError("requires_grad_: you can only change requires_grad flags of leaf variables; use .detach() for a "
                                 f"tensor without a graph; got {describe(self)}")
            self.node = None
        elif node is None:
            if self.array.dtype.kind not in "fc":
                raise DtypeError("requires_grad_: only Tensors of floating point and complex dtype can require gradients; "
                                 f"got {describe(self)}")
            self.node = Leaf(self)
        return self

    def backward(self, gradient: Tensor | None = None, retain_graph: bool | None = None, create_graph: bool = False,
                 inputs: Sequence[Tensor] | None = None) -> None:
        """Add d(self)/d(leaf) to `.grad` of every leaf that self depends on; see `autograd.backward`."""
        run_backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def detach(self) -> Tensor:
        """The same memory outside the graph. A write through it counts as one into this tensor."""
        return wrap(self.array, None, self.cell)

    def detach_(self) -> Tensor:
        """Cut this tensor off its graph; it becomes a leaf."""
        if self.base is not None:
            raise GraphError("detach_: can't detach views in-place; use detach() instead")
        self.node = None
        return self

    def retain_grad(self) -> None:
        """Collect the gradient in `.grad` also if this tensor is no leaf."""
        node = node_of(self)
        if node is None:
            raise GraphError(f"retain_grad: can't retain_grad on Tensor that has requires_grad=False; got {describe(self)}")
        if not self.is_leaf and not self.retains_grad:
            self._retains_grad = True
            hooks.retain_grad(self, node)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> hooks.RemovableHandle:
        """Call `hook(grad)` when the gradient for this tensor is complete; what it returns takes its place."""
        node = node_of(self)
        if node is None:
            raise GraphError(f"register_hook: cannot register a hook on a tensor that doesn't require gradient; got {describe(self)}")
        return hooks.add_hook(node, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> hooks.RemovableHandle:
        """Call `hook(self)` after a backward pass has added to `.grad`. Leaves only."""
        node = node_of(self)
        if not isinstance(node, Leaf):
            raise GraphError("register_post_accumulate_grad_hook: post accumulate grad hooks cannot be registered on non-leaf tensors")
        if node.after is None:
            node.after = {}
        return hooks.register(node.after, hook)

    # ------------------------------------------------------------ arithmetic
    add = elementwise.add
    sub = subtract = elementwise.sub
    mul = multiply = elementwise.mul
    div = divide = rounding.div
    true_divide = elementwise.true_divide
    floor_divide = rounding.floor_divide
    remainder = rounding.remainder
    fmod = rounding.fmod
    pow = powers.pow
    float_power = powers.float_power
    neg = negative = elementwise.neg
    positive = elementwise.positive
    abs = absolute = elementwise.abs
    sign = elementwise.sign
    sgn = elementwise.sgn
    signbit = elementwise.signbit
    copysign = elementwise.copysign
    reciprocal = elementwise.reciprocal
    square = elementwise.square
    sqrt = elementwise.sqrt
    rsqrt = elementwise.rsqrt
    addcmul = fused.addcmul
    addcdiv = fused.addcdiv
    lerp = fused.lerp

    add_ = in_place(elementwise.add)
    sub_ = subtract_ = in_place(elementwise.sub)
    mul_ = multiply_ = in_place(elementwise.mul)
    div_ = divide_ = in_place(rounding.div)
    true_divide_ = in_place(elementwise.true_divide)
    floor_divide_ = in_place(rounding.floor_divide)
    remainder_ = in_place(rounding.remainder)
    fmod_ = in_place(rounding.fmod)
    pow_ = in_place(powers.pow)
    float_power_ = powers.float_power_
    neg_ = negative_ = in_place(elementwise.neg)
    abs_ = absolute_ = in_place(elementwise.abs)
    sign_ = in_place(elementwise.sign)
    sgn_ = in_place(elementwise.sgn)
    copysign_ = in_place(elementwise.copysign)
    reciprocal_ = in_place(elementwise.reciprocal)
    square_ = in_place(elementwise.square)
    sqrt_ = in_place(elementwise.sqrt)
    rsqrt_ = in_place(elementwise.rsqrt)
    addcmul_ = in_place(fused.addcmul)
    addcdiv_ = in_place(fused.addcdiv)
    lerp_ = in_place(fused.lerp)

    __add__ = operator(elementwise.add)
    __sub__ = operator(elementwise.sub)
    __mul__ = operator(elementwise.mul)
    __truediv__ = operator(elementwise.true_divide)
    __floordiv__ = operator(rounding.floor_divide)
    __mod__ = operator(rounding.remainder)
    __pow__ = operator(powers.pow)
    __matmul__ = operator(matmul_ops.matmul)
    __radd__ = operator(elementwise.add, arrays=False)
    __rsub__ = reflected(elementwise.sub)
    __rmul__ = operator(elementwise.mul, arrays=False)
    __rtruediv__ = __rdiv__ = reflected(elementwise.true_divide, arrays=True)
    __rfloordiv__ = reflected(rounding.floor_divide)
    __rmod__ = reflected(rounding.remainder)
    __rpow__ = reflected(powers.pow)
    __rmatmul__ = reflected(matmul_ops.matmul)
    __iadd__ = in_place_operator(add_)
    __isub__ = in_place_operator(sub_)
    __imul__ = in_place_operator(mul_)
    __itruediv__ = in_place_operator(true_divide_)
    __ifloordiv__ = in_place_operator(floor_divide_)
    __imod__ = in_place_operator(remainder_)
    __ipow__ = in_place_operator(pow_)
    __neg__ = elementwise.neg
    __pos__ = elementwise.positive
    __abs__ = elementwise.abs
    matmul = matmul_ops.matmul

    # ------------------------------------------------------------ exponentials, trigonometry, special functions
    exp = exponentials.exp
    exp2 = exponentials.exp2
    expm1 = exponentials.expm1
    log = exponentials.log
    log2 = exponentials.log2
    log10 = exponentials.log10
    log1p = exponentials.log1p
    sin = trigonometry.sin
    cos = trigonometry.cos
    tan = trigonometry.tan
    asin = arcsin = trigonometry.asin
    acos = arccos = trigonometry.acos
    atan = arctan = trigonometry.atan
    sinh = trigonometry.sinh
    cosh = trigonometry.cosh
    tanh = trigonometry.tanh
    asinh = arcsinh = trigonometry.asinh
    acosh = arccosh = trigonometry.acosh
    atanh = arctanh = trigonometry.atanh
    sigmoid = exponentials.sigmoid
    logaddexp = exponentials.logaddexp
    logaddexp2 = exponentials.logaddexp2
    hypot = trigonometry.hypot
    atan2 = arctan2 = trigonometry.atan2
    erf = special.erf
    erfc = special.erfc
    erfinv = special.erfinv
    lgamma = special.lgamma
    digamma = special.digamma
    logit = special.logit
    polygamma = special.polygamma_method
    mvlgamma = special.mvlgamma
    igamma = special.igamma
    igammac = special.igammac
    xlogy = special.xlogy
    sinc = special.sinc
    i0 = bessel.i0
    deg2rad = trigonometry.deg2rad
    rad2deg = trigonometry.rad2deg
    frexp = floats.frexp
    ldexp = floats.ldexp
    nextafter = floats.nextafter
    gcd = divisors.gcd
    lcm = divisors.lcm

    exp_ = in_place(exponentials.exp)
    exp2_ = in_place(exponentials.exp2)
    expm1_ = in_place(exponentials.expm1)
    log_ = in_place(exponentials.log)
    log2_ = in_place(exponentials.log2)
    log10_ = in_place(exponentials.log10)
    log1p_ = in_place(exponentials.log1p)
    sin_ = in_place(trigonometry.sin)
    cos_ = in_place(trigonometry.cos)
    tan_ = in_place(trigonometry.tan)
    asin_ = arcsin_ = in_place(trigonometry.asin)
    acos_ = arccos_ = in_place(trigonometry.acos)
    atan_ = arctan_ = in_place(trigonometry.atan)
    sinh_ = in_place(trigonometry.sinh)
    cosh_ = in_place(trigonometry.cosh)
    tanh_ = in_place(trigonometry.tanh)
    asinh_ = arcsinh_ = in_place(trigonometry.asinh)
    acosh_ = arccosh_ = in_place(trigonometry.acosh)
    atanh_ = arctanh_ = in_place(trigonometry.atanh)
    sigmoid_ = in_place(exponentials.sigmoid)
    hypot_ = in_place(trigonometry.hypot)
    atan2_ = arctan2_ = in_place(trigonometry.atan2)
    erf_ = in_place(special.erf)
    erfc_ = in_place(special.erfc)
    erfinv_ = in_place(special.erfinv)
    lgamma_ = in_place(special.lgamma)
    digamma_ = in_place(special.digamma)
    logit_ = in_place(special.logit)
    polygamma_ = in_place(special.polygamma_method)
    mvlgamma_ = in_place(special.mvlgamma)
    igamma_ = in_place(special.igamma)
    igammac_ = in_place(special.igammac)
    xlogy_ = in_place(special.xlogy)
    sinc_ = in_place(special.sinc)
    i0_ = in_place(bessel.i0)
    deg2rad_ = in_place(trigonometry.deg2rad)
    rad2deg_ = in_place(trigonometry.rad2deg)
    ldexp_ = in_place(floats.ldexp)
    nextafter_ = in_place(floats.nextafter)
    gcd_ = in_place(divisors.gcd)
    lcm_ = in_place(divisors.lcm)

    # ------------------------------------------------------------ rounding
    floor = rounding.floor
    ceil = rounding.ceil
    round = rounding.round
    trunc = fix = rounding.trunc
    frac = rounding.frac
    floor_ = in_place(rounding.floor)
    ceil_ = in_place(rounding.ceil)
    round_ = in_place(rounding.round)
    trunc_ = fix_ = in_place(rounding.trunc)
    frac_ = in_place(rounding.frac)

    # ------------------------------------------------------------ comparison, logic, bits
    eq = compare.eq
    ne = not_equal = compare.ne
    lt = less = compare.lt
    le = less_equal = compare.le
    gt = greater = compare.gt
    ge = greater_equal = compare.ge
    eq_ = in_place(compare.eq)
    ne_ = not_equal_ = in_place(compare.ne)
    lt_ = less_ = in_place(compare.lt)
    le_ = less_equal_ = in_place(compare.le)
    gt_ = greater_ = in_place(compare.gt)
    ge_ = greater_equal_ = in_place(compare.ge)
    __eq__ = operator(compare.eq)
    __ne__ = operator(compare.ne)
    __lt__ = operator(compare.lt, arrays=False)
    __le__ = operator(compare.le, arrays=False)
    __gt__ = operator(compare.gt, arrays=False)
    __ge__ = operator(compare.ge, arrays=False)
    __hash__ = object.__hash__
    isclose = compare.isclose
    allclose = compare.allclose
    equal = compare.equal
    isnan = compare.isnan
    isinf = compare.isinf
    isfinite = compare.isfinite
    isposinf = compare.isposinf
    isneginf = compare.isneginf
    isreal = compare.isreal
    is_nonzero = compare.is_nonzero
    heaviside = compare.heaviside
    logical_and = compare.logical_and
    logical_or = compare.logical_or
    logical_xor = compare.logical_xor
    logical_not = compare.logical_not
    heaviside_ = in_place(compare.heaviside)
    logical_and_ = in_place(compare.logical_and)
    logical_or_ = in_place(compare.logical_or)
    logical_xor_ = in_place(compare.logical_xor)
    logical_not_ = in_place(compare.logical_not)

    bitwise_and = bitwise.bitwise_and
    bitwise_or = bitwise.bitwise_or
    bitwise_xor = bitwise.bitwise_xor
    bitwise_left_shift = bitwise.bitwise_left_shift
    bitwise_right_shift = bitwise.bitwise_right_shift
    bitwise_not = bitwise.bitwise_not
    bitwise_and_ = in_place(bitwise.bitwise_and)
    bitwise_or_ = in_place(bitwise.bitwise_or)
    bitwise_xor_ = in_place(bitwise.bitwise_xor)
    bitwise_left_shift_ = in_place(bitwise.bitwise_left_shift)
    bitwise_right_shift_ = in_place(bitwise.bitwise_right_shift)
    bitwise_not_ = in_place(bitwise.bitwise_not)
    __and__ = operator(bitwise.bitwise_and)
    __or__ = operator(bitwise.bitwise_or)
    __xor__ = operator(bitwise.bitwise_xor)
    __lshift__ = operator(bitwise.bitwise_left_shift)
    __rshift__ = operator(bitwise.bitwise_right_shift)
    __rand__ = reflected(bitwise.bitwise_and)
    __ror__ = reflected(bitwise.bitwise_or)
    __rxor__ = reflected(bitwise.bitwise_xor)
    __rlshift__ = reflected(bitwise.bitwise_left_shift)
    __rrshift__ = reflected(bitwise.bitwise_right_shift)
    __iand__ = in_place_operator(bitwise_and_)
    __ior__ = in_place_operator(bitwise_or_)
    __ixor__ = in_place_operator(bitwise_xor_)
    __ilshift__ = in_place_operator(bitwise_left_shift_)
    __irshift__ = in_place_operator(bitwise_right_shift_)
    __invert__ = bitwise.invert

    # ------------------------------------------------------------ choosing, and activations
    where = select.where_method
    maximum = select.maximum
    minimum = select.minimum
    fmax = select.fmax
    fmin = select.fmin
    clamp = clip = select.clamp
    clamp_min = select.clamp_min
    clamp_max = select.clamp_max
    nan_to_num = select.nan_to_num
    clamp_ = clip_ = in_place(select.clamp)
    clamp_min_ = in_place(select.clamp_min)
    clamp_max_ = in_place(select.clamp_max)
    nan_to_num_ = in_place(select.nan_to_num)
    relu = activation.relu
    relu_ = activation.relu_
    prelu = activation.prelu
    hardshrink = activation.hardshrink
    softmax = softmax_ops.softmax
    log_softmax = softmax_ops.log_softmax

    # ------------------------------------------------------------ complex numbers
    real = property(complex_ops.real, complex_ops.set_real)
    imag = property(complex_ops.imag, complex_ops.set_imag)
    conj = conjugate = complex_ops.conj              # rules call .conjugate(), as numbers have it, too
    conj_physical = complex_ops.conj_physical
    resolve_conj = complex_ops.resolve_conj
    resolve_neg = complex_ops.resolve_neg
    is_conj = complex_ops.is_conj
    is_neg = complex_ops.is_neg
    angle = complex_ops.angle
    is_floating_point = complex_ops.is_floating_point
    is_complex = complex_ops.is_complex
    is_signed = complex_ops.is_signed
    conj_physical_ = in_place(complex_ops.conj_physical)

    # ------------------------------------------------------------ reductions
    sum = reduce.sum
    nansum = reduce.nansum
    mean = reduce.mean
    nanmean = reduce.nanmean
    prod = reduce.prod
    logsumexp = reduce.logsumexp
    all = reduce.all
    any = reduce.any
    count_nonzero = reduce.count_nonzero
    var = statistics.var
    std = statistics.std
    cov = statistics.cov
    corrcoef = statistics.corrcoef
    norm = magnitude.norm
    dist = magnitude.dist
    renorm = magnitude.renorm
    renorm_ = in_place(magnitude.renorm)

    max = extremum.max
    min = extremum.min
    amax = extremum.amax
    amin = extremum.amin
    aminmax = extremum.aminmax
    argmax = extremum.argmax
    argmin = extremum.argmin
    median = order_statistics.median
    nanmedian = order_statistics.nanmedian
    mode = order_statistics.mode
    kthvalue = order_statistics.kthvalue
    quantile = order_statistics.quantile
    nanquantile = order_statistics.nanquantile

    cumsum = cumulative.cumsum
    cumprod = cumulative.cumprod
    cummax = cumulative.cummax
    cummin = cumulative.cummin
    logcumsumexp = cumulative.logcumsumexp
    diff = cumulative.diff
    stft = spectrogram.stft
    istft = spectrogram.istft
    cumsum_ = in_place(cumulative.cumsum)
    cumprod_ = in_place(cumulative.cumprod)

    sort = sort_ops.sort
    argsort = sort_ops.argsort
    msort = sort_ops.msort
    topk = sort_ops.topk
    unique = sets.unique
    unique_consecutive = sets.unique_consecutive
    bincount = bins.bincount
    histc = bins.histc
    histogram = bins.histogram

    # ------------------------------------------------------------ matrices
    mm = matmul_ops.mm
    bmm = matmul_ops.bmm
    mv = matmul_ops.mv
    dot = matmul_ops.dot
    vdot = matmul_ops.vdot
    inner = products.inner
    outer = products.outer
    ger = products.ger
    kron = products.kron
    cross = products.cross
    trace = products.trace
    addmm = affine.addmm
    addmv = affine.addmv
    addr = affine.addr
    addbmm = affine.addbmm
    baddbmm = affine.baddbmm
    addmm_ = in_place(affine.addmm)
    addmv_ = in_place(affine.addmv)
    addr_ = in_place(affine.addr)
    addbmm_ = in_place(affine.addbmm)
    baddbmm_ = in_place(affine.baddbmm)

    inverse = systems.inv
    det = systems.det
    logdet = systems.logdet
    slogdet = systems.slogdet
    pinverse = linalg.pinverse
    matrix_power = linalg.matrix_power
    matrix_exp = linalg.matrix_exp
    cholesky = factorizations.cholesky
    qr = factorizations.qr
    svd = factorizations.svd
    triangular_solve = triangular.triangular_solve
    cholesky_solve = triangular.cholesky_solve
    cholesky_inverse = triangular.cholesky_inverse
    lu = lu_ops.lu_with_pivots
    lu_solve = lu_ops.lu_solve
    geqrf = reflectors.geqrf
    orgqr = reflectors.orgqr
    ormqr = reflectors.ormqr

    # ------------------------------------------------------------ shape
    view = shape_ops.view_method
    view_as = shape_ops.view_as
    is_same_size = shape_ops.is_same_size
    reshape = shape_ops.reshape_method
    reshape_as = shape_ops.reshape_as
    flatten = shape_ops.flatten
    unflatten = shape_ops.unflatten_method
    ravel = shape_ops.ravel
    squeeze = shape_ops.squeeze_method
    unsqueeze = shape_ops.unsqueeze
    expand = shape_ops.expand_method
    expand_as = shape_ops.expand_as
    broadcast_to = shape_ops.broadcast_to
    sum_to_size = shape_ops.sum_to_size_method
    clone = shape_ops.clone
    contiguous = shape_ops.contiguous
    squeeze_ = restrides(shape_ops.squeeze_method)
    unsqueeze_ = restrides(shape_ops.unsqueeze)

    transpose = swapdims = axes.transpose
    swapaxes = axes.swapaxes
    permute = axes.permute_method
    movedim = moveaxis = axes.movedim
    t = axes.t
    T = property(axes.reversed_dims)
    mT = property(axes.matrix_transpose)
    H = property(axes.hermitian)
    mH = property(axes.adjoint)
    adjoint = axes.adjoint
    transpose_ = swapdims_ = restrides(axes.transpose)
    swapaxes_ = restrides(axes.swapaxes)
    t_ = restrides(axes.t)

    split = join.split_tensor
    split_with_sizes = join.split_with_sizes
    chunk = join.chunk
    unbind = join.unbind
    unsafe_chunk = copies.unsafe_chunk
    unsafe_split = copies.unsafe_split
    unsafe_split_with_sizes = copies.unsafe_split_with_sizes
    tensor_split = blocks.tensor_split
    hsplit = blocks.hsplit
    vsplit = blocks.vsplit
    dsplit = blocks.dsplit

    # ------------------------------------------------------------ positions
    __getitem__ = index.read
    __setitem__ = index.write_at
    index_put = index.index_put
    index_put_ = index.index_put_

    fill_ = in_place(overwrite.fill)
    zero_ = in_place(overwrite.zero)
    copy_ = overwrite.copy_
    fill_diagonal_ = overwrite.fill_diagonal_
    apply_ = overwrite.apply_
    map_ = overwrite.map_
    map2_ = overwrite.map2_
    resize_ = overwrite.resize_
    resize_as_ = overwrite.resize_as_

    masked_fill = mask.masked_fill
    masked_select = mask.masked_select
    masked_scatter = mask.masked_scatter
    masked_fill_ = in_place(mask.masked_fill)
    masked_scatter_ = in_place(mask.masked_scatter)

    narrow = parts.narrow
    narrow_copy = parts.narrow_copy
    select = parts.select
    unfold = parts.unfold_dim
    diagonal = parts.diagonal
    as_strided = parts.as_strided
    diag = parts.diag
    diag_embed = parts.diag_embed
    diagflat = parts.diagflat
    select_scatter = parts.select_scatter
    slice_scatter = parts.slice_scatter
    diagonal_scatter = parts.diagonal_scatter
    as_strided_scatter = parts.as_strided_scatter
    as_strided_ = restrides(parts.as_strided)

    tril = triangle.tril
    triu = triangle.triu
    tril_ = in_place(triangle.tril)
    triu_ = in_place(triangle.triu)

    repeat = tile_ops.repeat_method
    tile = tile_ops.tile_method
    repeat_interleave = tile_ops.repeat_interleave
    flip = tile_ops.flip_method
    fliplr = tile_ops.fliplr
    flipud = tile_ops.flipud
    roll = tile_ops.roll
    rot90 = tile_ops.rot90

    gather = lookup.gather
    take = lookup.take
    take_along_dim = lookup.take_along_dim
    nonzero = lookup.nonzero
    nonzero_static = lookup.nonzero_static
    argwhere = lookup.argwhere

    scatter = scatters.scatter
    scatter_ = scatters.scatter_
    scatter_add = scatters.scatter_add
    scatter_add_ = in_place(scatters.scatter_add)
    scatter_reduce = scatters.scatter_reduce
    scatter_reduce_ = in_place(scatters.scatter_reduce)
    put = scatters.put
    put_ = in_place(scatters.put)

    index_select = rows.index_select
    index_add = rows.index_add
    index_add_ = in_place(rows.index_add)
    index_copy = rows.index_copy
    index_copy_ = in_place(rows.index_copy)
    index_fill = rows.index_fill
    index_fill_ = in_place(rows.index_fill)
    index_reduce = rows.index_reduce
    index_reduce_ = in_place(rows.index_reduce)

    # ------------------------------------------------------------ random numbers
    uniform_ = draws.uniform_
    normal_ = draws.normal_
    log_normal_ = draws.log_normal_
    cauchy_ = draws.cauchy_
    exponential_ = draws.exponential_
    geometric_ = draws.geometric_
    random_ = draws.random_
    bernoulli_ = draws.bernoulli_
    bernoulli = draws.bernoulli
    multinomial = draws.multinomial

    # ------------------------------------------------------------ new tensors like this one
    new = _data.new
    new_tensor = _data.new_tensor
    new_empty_strided = _data.new_empty_strided
    new_zeros = _data.new_zeros
    new_ones = _data.new_ones
    new_empty = _data.new_empty
    new_full = _data.new_full

    # ------------------------------------------------------------ dtype and device
    to = interop.to
    type = interop.type
    type_as = interop.type_as
    cpu = interop.cpu
    cuda = interop.cuda
    float = interop.float
    double = interop.double
    half = interop.half
    bfloat16 = interop.bfloat16
    long = interop.long
    int = interop.int
    short = interop.short
    char = interop.char
    byte = interop.byte
    bool = interop.bool
    cfloat = interop.cfloat
    cdouble = interop.cdouble
    pin_memory = interop.pin_memory
    is_distributed = interop.no
    is_shared = interop.is_shared
    is_pinned = interop.is_pinned
    to_dense = interop.to_dense
    share_memory_ = interop.share_memory_

    # ------------------------------------------------------------ values for Python and NumPy
    item = interop.item
    tolist = interop.tolist
    numpy = interop.numpy
    __array__ = interop.__array__
    __dlpack__, __dlpack_device__ = dlpack.__dlpack__, dlpack.__dlpack_device__
    __array_wrap__ = interop.__array_wrap__
    __len__ = interop.__len__
    __iter__ = interop.__iter__
    __bool__ = interop.__bool__
    __int__ = interop.__int__
    __float__ = interop.__float__
    __complex__ = interop.__complex__
    __index__ = interop.__index__
    __contains__ = interop.__contains__
    __format__ = interop.__format__
    __repr__ = interop.__repr__
    __copy__ = interop.__copy__
    __deepcopy__ = interop.__deepcopy__
    __reduce_ex__ = interop.__reduce_ex__


call.bind(Tensor)
