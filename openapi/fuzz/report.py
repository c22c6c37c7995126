"""Sums up what the fuzzer found as each role, and judges it: `report.py LOGS CASES ROLE…`."""

import collections
import json
import pathlib
import sys


def read(logs, role):
    """The report of a role, and how often each operation, mode and status came."""
    report = json.loads((logs / f"{role}.json").read_text("utf-8"))
    return report, collections.Counter(json.loads((logs / f"{role}.counts.json").read_text("utf-8")))


def failures(report):
    """How many failures there were; a run that broke off or could not do its work is one too."""
    whole = report["complete"] and not report["errors"]
    return report["test_cases"]["unique_failures"] + (0 if whole else 1)


def goal(name, measured, target, holds):
    print(f"goal={name} measured={measured} target={target} {'pass' if holds else 'fail'}")
    return holds


def main(logs, wanted, *roles):
    logs, found, cases, total = pathlib.Path(logs), 0, 0, collections.Counter()
    for role in roles:
        try:
            report, counts = read(logs, role)
        except FileNotFoundError:
            print(f"{role}: no report, see {logs / role}.txt")
            found += 1
            continue
        statuses = collections.Counter()
        for name, count in counts.items():
            statuses[name.rpartition(" ")[2][0] + "xx"] += count
        found += failures(report)
        cases += report["test_cases"]["generated"]
        total += statuses
        print(
            f"{role}: {report['test_cases']['generated']} cases, {dict(sorted(statuses.items()))}, "
            f"{failures(report)} failures"
        )
        if failures(report):
            print((logs / f"{role}.txt").read_text("utf-8"))
    share = round(100 * total["2xx"] / max(1, total.total()))
    control = failures(read(logs, "control")[0])
    print("The seed, the requests and the replies are in " + str(logs))
    held = [
        goal("S1", found, 0, found == 0),
        goal("S1-cases", cases, wanted, cases >= int(wanted)),
        goal("S1-reach", share, 30, share >= 30),
        goal("S1-control", control, 1, control >= 1),
    ]
    return 0 if all(held) else 1


sys.exit(main(*sys.argv[1:]))
