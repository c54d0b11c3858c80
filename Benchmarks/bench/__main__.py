"""The benchmarks; scripts/bench runs this with what it has built."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import machine, report, scenarios
from .workspace import Workspace


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures the function and the programs side by side with their peers.",
        epilog="Scenarios: " + "; ".join(f"{name}: {scenario.__doc__}" for name, scenario in scenarios.ALL.items()),
    )
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="only these; all without any")
    parser.add_argument("--quick", action="store_true", help="fewer runs and smaller transfers: a few minutes")
    parser.add_argument("--no-peers", action="store_true", help="sync's scenarios: the bare programs and ours only")
    parser.add_argument("--output", type=Path, help="where the JSON goes (default: Benchmarks/results/<time>.json)")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.scenarios if name not in scenarios.ALL]
    if unknown:
        parser.error(f"no scenario {', '.join(unknown)}; there are {', '.join(scenarios.ALL)}")

    workspace = Workspace.from_environment(is_quick=arguments.quick, has_peers=not arguments.no_peers)
    facts = machine.facts(workspace)
    output = arguments.output or workspace.root / "Benchmarks/results" / f"{facts['startedAt'].replace(':', '')}.json"
    print(report.heading(facts))
    results = []
    for name in arguments.scenarios or scenarios.ALL:
        print(f"{name} …", file=sys.stderr, flush=True)
        results.append(report.Result(name, scenarios.ALL[name](workspace)))
    facts["loadAverageAtEnd"] = machine.load_average()
    print(report.table(results))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(report.to_json(facts, results))
    print(f"\nLoad average {facts['loadAverage']} at the start, {facts['loadAverageAtEnd']} at the end. JSON: {output}")
    return 0 if all(figure.is_met is not False for result in results for figure in result.figures) else 1


sys.exit(main())
