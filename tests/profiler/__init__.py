"""Tests of profiler/."""
