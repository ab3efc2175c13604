"""Flags for applications: the OpenFeature Remote Evaluation Protocol 0.3.0.

https://openfeature.dev/specification/appendix-c
"""
