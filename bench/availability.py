"""The cost of composite availability: many components, many capabilities, exact, on one core."""

import random
from time import process_time

from slo.maths.composite.analysis import Analysis
from slo.maths.composite.system import System, Unit
from slo.maths.structure import parse

COMPONENTS, CAPABILITIES = 500, 200


def run() -> None:
    """200 capabilities over 500 components, up to a dozen each: availability in full and with fallbacks, importance."""
    generator = random.Random(1)
    names = [f"component-{number}" for number in range(COMPONENTS)]
    texts = [_structure(generator, names) for _ in range(CAPABILITIES)]
    units = {name: Unit(generator.uniform(0.99, 0.99999)) for name in names}
    started = process_time()
    analyses = [Analysis(System(parse(text))) for text in texts]
    exact = sum(analysis.result(units).served.exact for analysis in analyses)
    evaluated = process_time() - started
    for analysis in analyses:
        analysis.importances(units)
    weighed = process_time() - started - evaluated
    print(f"\nAvailability of {CAPABILITIES} capabilities over {COMPONENTS} components, CPU of one core")
    print(f"  {exact} exact in {evaluated:.2f} s; what matters in each: {weighed:.2f} s more")
    started = process_time()
    large = Analysis(System(parse(f"at_least(70, {', '.join(names)})"[:2_000].rsplit(",", 1)[0] + ")")))
    print(f"  a vote of {len(large.system.components())}: exact {large.is_exact}, {process_time() - started:.2f} s")


def _structure(generator: random.Random, names: list[str]) -> str:
    shared = generator.sample(names, 4)
    parts = [_group(generator, sorted({*generator.sample(names, 4), *shared})) for _ in range(3)]
    return f"all({', '.join(dict.fromkeys([shared[0], *parts]))})"


def _group(generator: random.Random, names: list[str]) -> str:
    chosen = generator.sample(names, generator.randint(2, 4))
    kind = generator.choice(("any", "all", "at_least"))
    inside = ", ".join(chosen)
    return f"at_least({len(chosen) - 1}, {inside})" if kind == "at_least" else f"{kind}({inside})"
