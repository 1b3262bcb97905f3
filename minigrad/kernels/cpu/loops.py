"""Loops over arrays, each made of a function of numbers: one thread's share of an elementwise op.

Those in place read what they write by the same name, or LLVM would fear that a write changes what is read later.
"""
from __future__ import annotations

from typing import Any

from .functions import F
from .half import number, put
from .jit import jit, part


@part
def share(x: Any, units: int, threads: int, t: int) -> Any:
    """What thread t does of an array. A loop over it starts at 0, which LLVM needs to know to vectorise."""
    return x[units * t // threads:units * (t + 1) // threads]


def one(function: Any) -> Any:
    @jit
    def elementwise1(out: Any, x: Any, units: int, threads: int, t: int) -> None:
        out, x = share(out, units, threads, t), share(x, units, threads, t)
        for i in range(out.size):
            put(out, i, function(number(x, i)))
    return elementwise1


def one_in_place(function: Any) -> Any:
    @jit
    def elementwise1_(x: Any, _: Any, units: int, threads: int, t: int) -> None:
        x = share(x, units, threads, t)
        for i in range(x.size):
            put(x, i, function(number(x, i)))
    return elementwise1_


def one_with(function: Any) -> Any:
    @jit
    def elementwise1with(out: Any, x: Any, a: Any, b: Any, c: Any, units: int, threads: int, t: int) -> None:
        a, b, c = F(a), F(b), F(c)
        out, x = share(out, units, threads, t), share(x, units, threads, t)
        for i in range(out.size):
            put(out, i, function(number(x, i), a, b, c))
    return elementwise1with


def one_with_in_place(function: Any) -> Any:
    @jit
    def elementwise1with_(x: Any, _: Any, a: Any, b: Any, c: Any, units: int, threads: int, t: int) -> None:
        a, b, c = F(a), F(b), F(c)
        x = share(x, units, threads, t)
        for i in range(x.size):
            put(x, i, function(number(x, i), a, b, c))
    return elementwise1with_


def two(function: Any) -> Any:
    @jit
    def elementwise2(out: Any, x: Any, y: Any, units: int, threads: int, t: int) -> None:
        out, x, y = share(out, units, threads, t), share(x, units, threads, t), share(y, units, threads, t)
        for i in range(out.size):
            put(out, i, function(number(x, i), number(y, i)))
    return elementwise2


def two_in_place(function: Any) -> Any:
    @jit
    def elementwise2_(x: Any, _: Any, y: Any, units: int, threads: int, t: int) -> None:
        x, y = share(x, units, threads, t), share(y, units, threads, t)
        for i in range(x.size):
            put(x, i, function(number(x, i), number(y, i)))
    return elementwise2_


def two_with(function: Any) -> Any:
    @jit
    def elementwise2with(out: Any, x: Any, y: Any, a: Any, b: Any, c: Any, units: int, threads: int, t: int) -> None:
        a, b, c = F(a), F(b), F(c)
        out, x, y = share(out, units, threads, t), share(x, units, threads, t), share(y, units, threads, t)
        for i in range(out.size):
            put(out, i, function(number(x, i), number(y, i), a, b, c))
    return elementwise2with


def two_with_in_place(function: Any) -> Any:
    @jit
    def elementwise2with_(x: Any, _: Any, y: Any, a: Any, b: Any, c: Any, units: int, threads: int, t: int) -> None:
        a, b, c = F(a), F(b), F(c)
        x, y = share(x, units, threads, t), share(y, units, threads, t)
        for i in range(x.size):
            put(x, i, function(number(x, i), number(y, i), a, b, c))
    return elementwise2with_


def three(function: Any) -> Any:
    @jit
    def elementwise3(out: Any, x: Any, y: Any, z: Any, units: int, threads: int, t: int) -> None:
        out, x = share(out, units, threads, t), share(x, units, threads, t)
        y, z = share(y, units, threads, t), share(z, units, threads, t)
        for i in range(out.size):
            put(out, i, function(number(x, i), number(y, i), number(z, i)))
    return elementwise3


def two_across(function: Any) -> Any:
    @jit
    def across2(out: Any, x: Any, y: Any, by_row: bool, units: int, threads: int, t: int) -> None:
        for r in range(units * t // threads, units * (t + 1) // threads):
            result, row = out[r], x[r]
            if by_row:
                v = number(y, r % y.size)
                for i in range(row.size):
                    put(result, i, function(number(row, i), v))
            else:
                for i in range(row.size):
                    put(result, i, function(number(row, i), number(y, i)))
    return across2


def two_across_in_place(function: Any) -> Any:
    @jit
    def across2_(x: Any, _: Any, y: Any, by_row: bool, units: int, threads: int, t: int) -> None:
        for r in range(units * t // threads, units * (t + 1) // threads):
            row = x[r]
            if by_row:
                v = number(y, r % y.size)
                for i in range(row.size):
                    put(row, i, function(number(row, i), v))
            else:
                for i in range(row.size):
                    put(row, i, function(number(row, i), number(y, i)))
    return across2_
