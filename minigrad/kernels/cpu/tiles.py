"""softmax(q k' * scale + mask) v in tiles, forward and back: float32, with memory for rows only, never for all pairs.

A tile is the scores of up to QUERIES queries and KEYS keys. It lies with the queries side by side, so that largest scores and sums
over keys go across registers, and both products with it read it as it is. Largest score and sum of a query so far are corrected when a
tile has a larger one; backward, each tile is made again from the logarithm of the sum. Products are those of panels.py.
Source: Dao et al. 2022, FlashAttention; Rabe and Staats 2021, Self-attention does not need O(n^2) memory.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, types  # type: ignore[attr-defined]
from numba.extending import intrinsic

from ..reference import Array
from .functions import ONE, ZERO, F, log, pick
from .functions import flushed_exp as exp
from .functions import flushed_exp_lanes as exp_lanes
from .jit import call_address, jit, part, run
from .panels import LANE, WIDE, adder, span
from .threads import threads_for
from .vectors import greater, load, splat, store

QUERIES, KEYS = 128, 128              # of a tile: 64 KB, which stay in the second-level cache with the rows they are made from
GROUP = 8                             # queries whose decisions of dropout make a byte
LOWEST = F(-np.inf)
NOTHING = np.zeros((1, 1, 1, 1), np.float32)


def attention(q: Array, k: Array, v: Array, mask: Array | None, causal: bool, scale: float, kept: Array | None,
              factor: float) -> tuple[Array, Array] | None:
    """q (B, H, L, E), k (B, H', S, E), v (B, H', S, V) with H a multiple of H' -> (B, H, L, V), and for the way back (B, H, L).

    mask: added to the scores, broadcasts to (B, H, L, S). kept: dropout's decisions as `pack_coins` packs them; what stays is times
    factor. The second result is the logarithm of each query's sum of exponentials. A query that sees no key gets 0. None unless float32.
    """
    if any(type(x) is not np.ndarray or x.dtype.char != "f" for x in (q, k, v)):
        return None
    out, sums = rows_like(q, v.shape[3]), np.empty(q.shape[:3], np.float32)
    arrays = [in_rows(q), in_rows(k), in_rows(v), *as_mask(mask), out]
    run(attend, threads_for(4 * q.size * k.shape[2]), q.shape[0] * q.shape[1] * -(-q.shape[2] // QUERIES), sums.reshape(-1),
        sizes_of(q, k, v, mask), places(arrays), decisions(kept), factor, causal, scale, adder())
    return out, sums


def attention_input(g: Array, q: Array, k: Array, v: Array, out: Array, sums: Array, mask: Array | None, causal: bool, scale: float,
                    kept: Array | None, factor: float) -> tuple[Array, ...] | None:
    """The gradients of attention for q, k and v, from that of `out` and what the forward gave."""
    if any(type(x) is not np.ndarray or x.dtype.char != "f" for x in (g, q, k, v, out)):
        return None
    found = rows_like(q, q.shape[3]), rows_like(k, k.shape[3]), rows_like(v, v.shape[3])
    arrays = [in_rows(q), in_rows(k), in_rows(v), *as_mask(mask), in_rows(out), in_rows(g), *found]
    run(pull, threads_for(10 * q.size * k.shape[2]), k.shape[0] * k.shape[1], sums.reshape(-1), sizes_of(q, k, v, mask), places(arrays),
        decisions(kept), factor, causal, scale, adder())
    return found


def rows_like(x: Array, width: int) -> Array:
    """An empty array of rows so wide, in the order in which those of x lie in memory."""
    order = sorted(range(3), key=lambda d: -x.strides[d])
    return np.empty([*(x.shape[d] for d in order), width], np.float32).transpose([*(order.index(d) for d in range(3)), 3])


def sizes_of(q: Array, k: Array, v: Array, mask: Array | None) -> Array:
    """B, H, L, S, E, V, heads of queries per head of keys, whether there is a mask."""
    return np.array([*q.shape[:3], *k.shape[2:], v.shape[3], q.shape[1] // k.shape[1], mask is not None], np.int64)


def in_rows(x: Array) -> Array:
    """x with each row in one piece."""
    return x if x.strides[3] == 4 and min(x.strides) >= 0 else np.array(x, order="C")


def as_mask(mask: Array | None) -> list[Array]:
    """A mask of four dimensions."""
    return [NOTHING if mask is None else mask.reshape((1,) * (4 - mask.ndim) + mask.shape)]


def places(arrays: list[Array]) -> Array:
    """Where each array begins in memory, and the steps between its elements; 0 where it broadcasts."""
    return np.array([[x.__array_interface__["data"][0], *(s // 4 if n > 1 else 0 for n, s in zip(x.shape, x.strides, strict=True))]
                     for x in arrays], np.int64)


def decisions(kept: Array | None) -> Array:
    """Bits in a row; none where all stay."""
    return np.zeros(0, np.uint8) if kept is None else kept.reshape(-1)


def pack_coins(coins: Array) -> Array:
    """Zeros and others (heads, L, S) as bits: (heads, ceil(L / 8), S), bit i of a byte for query i of eight."""
    out = np.empty((coins.shape[0], -(-coins.shape[1] // GROUP), coins.shape[2]), np.uint8)
    pack_bits(out, coins)
    return out


# What is compiled: rows into scratch -------------------------------------------------------------------------------------

def _floats_at(_: Any, address: Any) -> Any:
    """A pointer to float32."""
    kind = types.CPointer(types.float32)             # type: ignore[no-untyped-call]
    return kind(types.int64), lambda context, b, signature, values: b.inttoptr(values[0], context.get_value_type(kind))


floats_at: Any = intrinsic(_floats_at)


@part
def memory_of(places: Any, i: int) -> Any:
    """The memory from the first element of array i on; how far it reaches is not known here."""
    return carray(floats_at(places[i, 0]), np.int64(1) << np.int64(40))


@jit
def pack_bits(out: Any, coins: Any) -> None:
    for head in range(len(out)):
        for group in range(out.shape[1]):
            row = out[head, group]
            row[:] = 0
            for i in range(min(GROUP, coins.shape[1] - group * GROUP)):
                given, bit = coins[head, group * GROUP + i], np.uint8(1 << i)
                for j in range(len(row)):
                    row[j] |= bit if given[j] != 0 else np.uint8(0)


@part
def padded(columns: int) -> int:
    """Whole registers, two at least."""
    return max((columns + LANE - 1) // LANE, 2) * LANE


@part
def copy_rows(to: Any, x: Any, at: int, step: int, rows: int, depth: int) -> None:
    """to[r * depth + e] = x[at + r * step + e]"""
    for r in range(rows):
        target, source = to[r * depth:(r + 1) * depth], x[at + r * step:at + r * step + depth]
        for e in range(depth):
            target[e] = source[e]


@part
def as_panels(panels: Any, x: Any, at: int, step: int, rows: int, columns: int, factor: Any) -> None:
    """Rows times a factor as panels of columns: for products whose terms are rows."""
    line = padded(columns)
    first = place = 0
    while first < line:
        width = span(line - first, WIDE)
        used = max(min(width, columns - first), 0)
        whole = used // LANE * LANE
        for r in range(rows):
            to, source = place + r * WIDE, at + r * step + first
            for q in range(0, whole, LANE):
                store(panels, to + q, load(x, source + q) * splat(factor))
            if whole < WIDE:
                for q in range(whole, used):
                    panels[to + q] = x[source + q] * factor
                panels[to + used:to + WIDE] = 0
        first += width
        place += WIDE * rows


@part
def as_turned_panels(panels: Any, x: Any, at: int, step: int, rows: int, depth: int, factor: Any) -> None:
    """Rows times a factor as the columns of panels: for products with each row."""
    line = padded(rows)
    first = place = 0
    while first < line:
        width = span(line - first, WIDE)
        used = max(min(width, rows - first), 0)
        if used < WIDE:
            panels[place:place + WIDE * depth] = 0
        for q in range(used):
            source = x[at + (first + q) * step:at + (first + q) * step + depth]
            for e in range(depth):
                panels[place + e * WIDE + q] = source[e] * factor
        first += width
        place += WIDE * depth


@part
def begin_scores(s: Any, line: int, keys: int, queries: int, j0: int, i0: int, mask: Any, at: int, steps: Any, masked: bool) -> None:
    """s[j, i] = 0 or what the mask adds."""
    s[:keys * line] = 0
    if masked:
        for j in range(keys):
            row = s[j * line:j * line + queries]
            if steps[2] == 0:
                row[:] = mask[at + (j0 + j) * steps[3]]
            else:
                for i in range(queries):
                    row[i] = mask[at + (i0 + i) * steps[2] + (j0 + j) * steps[3]]


@part
def hide_later(s: Any, line: int, keys: int, queries: int, j0: int, i0: int) -> None:
    """-inf where a key comes after the query."""
    for j in range(keys):
        s[j * line:j * line + max(min(j0 + j - i0, queries), 0)] = LOWEST


@part
def drop(s: Any, line: int, keys: int, j0: int, i0: int, size: int, bits: Any, at: int, factor: Any) -> None:
    """Weights times the factor where a bit is set, else 0; at: of the first byte of the head."""
    for group in range(line // GROUP):
        first = at + (i0 // GROUP + group) * size + j0
        if first + keys > len(bits):                 # beyond the last query
            break
        some = bits[first:first + keys]
        for j in range(keys):
            byte, place = np.int32(some[j]), j * line + group * GROUP
            row = s[place:place + GROUP]
            for i in range(GROUP):
                row[i] *= pick((byte >> np.int32(i)) & np.int32(1) != 0, factor, ZERO)


@part
def exponentials(s: Any, line: int, keys: int, largest: Any) -> None:
    """s = exp(s - largest)"""
    for i in range(0, line, LANE):
        m = load(largest, i)
        for at in range(i, keys * line, line):
            store(s, at, exp_lanes(load(s, at) - m))


@part
def add_exponentials(total: Any, s: Any, line: int, keys: int, largest: Any) -> None:
    """s = exp(s - largest), and its sums over keys are added to the total."""
    for i in range(0, line, LANE):
        m, t = load(largest, i), load(total, i)
        for at in range(i, keys * line, line):
            e = exp_lanes(load(s, at) - m)
            store(s, at, e)
            t = t + e
        store(total, i, t)


@part
def raise_largest(largest: Any, correction: Any, s: Any, line: int, keys: int) -> None:
    """The largest scores so far, 0 if all are -inf, and exp(what they were - what they are)."""
    for i in range(line):
        correction[i] = largest[i]
    i = 0
    while i < line:                                  # four registers go down the keys together, or one
        if i + 4 * LANE <= line:
            a, b, c, d = load(largest, i), load(largest, i + LANE), load(largest, i + 2 * LANE), load(largest, i + 3 * LANE)
            for at in range(i, keys * line, line):
                a, b = greater(a, load(s, at)), greater(b, load(s, at + LANE))
                c, d = greater(c, load(s, at + 2 * LANE)), greater(d, load(s, at + 3 * LANE))
            store(largest, i, a)
            store(largest, i + LANE, b)
            store(largest, i + 2 * LANE, c)
            store(largest, i + 3 * LANE, d)
            i += 4 * LANE
        else:
            a = load(largest, i)
            for at in range(i, keys * line, line):
                a = greater(a, load(s, at))
            store(largest, i, a)
            i += LANE
    for i in range(line):
        correction[i] = pick(largest[i] == LOWEST, ONE, exp(correction[i] - largest[i]))


# What is compiled: forward -----------------------------------------------------------------------------------------------

@jit
def attend(sums: Any, shape: Any, places: Any, bits: Any, factor: float, causal: bool, scale: float, add: int, units: int, threads: int,
           t: int) -> None:
    steps = places[:, 1:]
    q, k, v, mask, out = memory_of(places, 0), memory_of(places, 1), memory_of(places, 2), memory_of(places, 3), memory_of(places, 4)
    heads, length, size, depth, width, shared, masked = shape[1], shape[2], shape[3], shape[4], shape[5], shape[6], shape[7] != 0
    blocks, line_v = -(-length // QUERIES), padded(width)
    q_turned, k_rows = np.empty(-(-QUERIES // WIDE) * WIDE * depth, q.dtype), np.empty(KEYS * depth, q.dtype)
    v_panels, mixed = np.empty(-(-line_v // WIDE) * WIDE * KEYS, q.dtype), np.empty(QUERIES * line_v, q.dtype)
    s = np.empty(KEYS * QUERIES, q.dtype)
    largest, correction, total = np.empty(QUERIES, q.dtype), np.empty(QUERIES, q.dtype), np.empty(QUERIES, q.dtype)
    for unit in range(units * t // threads, units * (t + 1) // threads):
        head, block = divmod(unit, blocks)
        b, h = divmod(head, heads)
        i0 = block * QUERIES
        queries = min(QUERIES, length - i0)
        line = padded(queries)
        at_k, at_v = b * steps[1, 0] + h // shared * steps[1, 1], b * steps[2, 0] + h // shared * steps[2, 1]
        as_turned_panels(q_turned, q, b * steps[0, 0] + h * steps[0, 1] + i0 * steps[0, 2], steps[0, 2], queries, depth, F(scale))
        mixed[:queries * line_v] = 0
        total[:] = 0
        largest[:] = LOWEST
        for j0 in range(0, min(size, i0 + queries) if causal else size, KEYS):
            keys = min(KEYS, size - j0)
            copy_rows(k_rows, k, at_k + j0 * steps[1, 2], steps[1, 2], keys, depth)
            as_panels(v_panels, v, at_v + j0 * steps[2, 2], steps[2, 2], keys, width, ONE)
            begin_scores(s, line, keys, queries, j0, i0, mask, b * steps[3, 0] + h * steps[3, 1], steps[3], masked)
            call_address(add, (s, line, k_rows, 0, depth, 1, keys, q_turned, WIDE, line, depth))
            if causal and j0 + keys > i0:
                hide_later(s, line, keys, queries, j0, i0)
            raise_largest(largest, correction, s, line, keys)
            for i in range(line):
                total[i] *= correction[i]
            if j0:
                for i in range(queries):
                    row, c = mixed[i * line_v:(i + 1) * line_v], correction[i]
                    for e in range(line_v):
                        row[e] *= c
            for i in range(line):                    # exp(-inf - 0) for a query that has seen no key yet
                correction[i] = pick(largest[i] == LOWEST, ZERO, largest[i])
            add_exponentials(total, s, line, keys, correction)
            if len(bits):
                drop(s, line, keys, j0, i0, size, bits, head * (-(-length // GROUP)) * size, F(factor))
            call_address(add, (mixed, line_v, s, 0, 1, line, queries, v_panels, WIDE, line_v, keys))
        at_out = b * steps[4, 0] + h * steps[4, 1]
        for i in range(queries):
            row, place = mixed[i * line_v:i * line_v + width], at_out + (i0 + i) * steps[4, 2]
            target = out[place:place + width]
            c = pick(total[i] == ZERO, ZERO, ONE / total[i])
            for e in range(width):
                target[e] = row[e] * c
        for i in range(queries):
            sums[head * length + i0 + i] = pick(largest[i] == LOWEST, ZERO, largest[i] + log(total[i]))


# What is compiled: backward ----------------------------------------------------------------------------------------------

@part
def inner_products(to: Any, x: Any, at_x: int, step_x: int, y: Any, at_y: int, step_y: int, rows: int, width: int) -> None:
    """to[i] = sum over e of x[i, e] * y[i, e]; 0 beyond."""
    to[rows:] = 0
    for i in range(rows):
        p, q = x[at_x + i * step_x:at_x + i * step_x + width], y[at_y + i * step_y:at_y + i * step_y + width]
        s = ZERO
        for e in range(width):
            s += p[e] * q[e]
        to[i] = s


@part
def put_rows(out: Any, at: int, step: int, x: Any, line: int, rows: int, width: int, factor: Any) -> None:
    """out[at + r * step + e] = x[r * line + e] * factor"""
    for r in range(rows):
        target, source = out[at + r * step:at + r * step + width], x[r * line:r * line + width]
        for e in range(width):
            target[e] = source[e] * factor


@jit
def pull(sums: Any, shape: Any, places: Any, bits: Any, factor: float, causal: bool, scale: float, add: int, units: int, threads: int,
         t: int) -> None:
    steps = places[:, 1:]
    q, k, v, mask = memory_of(places, 0), memory_of(places, 1), memory_of(places, 2), memory_of(places, 3)
    out, g = memory_of(places, 4), memory_of(places, 5)
    dq, dk, dv = memory_of(places, 6), memory_of(places, 7), memory_of(places, 8)
    heads, length, size, depth, width, shared, masked = shape[1], shape[2], shape[3], shape[4], shape[5], shape[6], shape[7] != 0
    line_e, line_v = padded(depth), padded(width)
    wide_e, wide_v, most = -(-line_e // WIDE) * WIDE, -(-line_v // WIDE) * WIDE, -(-QUERIES // WIDE) * WIDE
    q_turned, q_panels = np.empty(most * depth, q.dtype), np.empty(wide_e * QUERIES, q.dtype)
    g_turned, g_panels = np.empty(most * width, q.dtype), np.empty(wide_v * QUERIES, q.dtype)
    k_rows, k_panels, v_rows = np.empty(KEYS * depth, q.dtype), np.empty(wide_e * KEYS, q.dtype), np.empty(KEYS * width, q.dtype)
    p, s, weights = np.empty(KEYS * QUERIES, q.dtype), np.empty(KEYS * QUERIES, q.dtype), np.empty(KEYS * QUERIES, q.dtype)
    one_q, all_k, all_v = np.empty(QUERIES * line_e, q.dtype), np.empty(size * line_e, q.dtype), np.empty(size * line_v, q.dtype)
    logs, inner = np.empty(QUERIES, q.dtype), np.empty(QUERIES, q.dtype)
    for unit in range(units * t // threads, units * (t + 1) // threads):
        b, own = divmod(unit, heads // shared)
        at_k, at_v = b * steps[1, 0] + own * steps[1, 1], b * steps[2, 0] + own * steps[2, 1]
        all_k[:] = 0
        all_v[:] = 0
        for h in range(own * shared, (own + 1) * shared):
            head = b * heads + h
            for i0 in range(0, length, QUERIES):
                queries = min(QUERIES, length - i0)
                line = padded(queries)
                at_q, at_g = b * steps[0, 0] + h * steps[0, 1] + i0 * steps[0, 2], b * steps[5, 0] + h * steps[5, 1] + i0 * steps[5, 2]
                as_turned_panels(q_turned, q, at_q, steps[0, 2], queries, depth, F(scale))
                as_panels(q_panels, q, at_q, steps[0, 2], queries, depth, F(scale))
                as_turned_panels(g_turned, g, at_g, steps[5, 2], queries, width, ONE)
                as_panels(g_panels, g, at_g, steps[5, 2], queries, width, ONE)
                inner_products(inner, g, at_g, steps[5, 2], out, b * steps[4, 0] + h * steps[4, 1] + i0 * steps[4, 2], steps[4, 2],
                               queries, width)
                logs[:queries] = sums[head * length + i0:head * length + i0 + queries]
                logs[queries:] = 0
                one_q[:] = 0
                for j0 in range(0, min(size, i0 + queries) if causal else size, KEYS):
                    keys = min(KEYS, size - j0)
                    copy_rows(k_rows, k, at_k + j0 * steps[1, 2], steps[1, 2], keys, depth)
                    as_panels(k_panels, k, at_k + j0 * steps[1, 2], steps[1, 2], keys, depth, ONE)
                    copy_rows(v_rows, v, at_v + j0 * steps[2, 2], steps[2, 2], keys, width)
                    begin_scores(p, line, keys, queries, j0, i0, mask, b * steps[3, 0] + h * steps[3, 1], steps[3], masked)
                    call_address(add, (p, line, k_rows, 0, depth, 1, keys, q_turned, WIDE, line, depth))
                    if causal and j0 + keys > i0:
                        hide_later(p, line, keys, queries, j0, i0)
                    exponentials(p, line, keys, logs)
                    s[:keys * line] = 0
                    call_address(add, (s, line, v_rows, 0, width, 1, keys, g_turned, WIDE, line, width))
                    shown = p
                    if len(bits):
                        at_bits = head * (-(-length // GROUP)) * size
                        shown = weights
                        for i in range(keys * line):
                            shown[i] = p[i]
                        drop(shown, line, keys, j0, i0, size, bits, at_bits, F(factor))
                        drop(s, line, keys, j0, i0, size, bits, at_bits, F(factor))
                    call_address(add, (all_v[j0 * line_v:], line_v, shown, 0, line, 1, keys, g_panels, WIDE, line_v, queries))
                    for j in range(keys):
                        row, slope = p[j * line:(j + 1) * line], s[j * line:(j + 1) * line]
                        for i in range(line):
                            row[i] *= slope[i] - inner[i]
                    call_address(add, (all_k[j0 * line_e:], line_e, p, 0, line, 1, keys, q_panels, WIDE, line_e, queries))
                    call_address(add, (one_q, line_e, p, 0, 1, line, queries, k_panels, WIDE, line_e, keys))
                put_rows(dq, b * steps[6, 0] + h * steps[6, 1] + i0 * steps[6, 2], steps[6, 2], one_q, line_e, queries, depth, F(scale))
        put_rows(dk, b * steps[7, 0] + own * steps[7, 1], steps[7, 2], all_k, line_e, size, depth, ONE)
        put_rows(dv, b * steps[8, 0] + own * steps[8, 1], steps[8, 2], all_v, line_v, size, width, ONE)
