"""Composite availability: how likely a structure of components holds, exactly, and what matters for it.

`system` describes a structure with fallbacks, standbys, common causes and maintenance; `events` turns it into Boolean
terms over independent events; `diagram` computes with them.
"""
