"""Reckon, a Jupyter kernel for recommender systems. The kernel itself is bin/reckon-kernel, in C; it needs no Python.

This package is what Python's tools ask for: `reckon_kernel.papermill` lets papermill write parameters in Reckon's language.
"""
