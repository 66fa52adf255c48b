#!/usr/bin/env python3
"""Keeps what the conformance suite found, and compares a new run with it in both directions.

    results.py compare RUN.jsonl     exit status 1 when a test passes that did not, or does not that did
    results.py record RUN.jsonl      writes sytest.jsonl anew; a run of some files replaces the results of those

RUN.jsonl has one JSON object a line: {"kind": "test", "file": ..., "name": ..., "result": "pass"|"fail"|"skip", ...}. Of a test's name only
the first 12 hexadecimal digits of its SHA-256 are kept: the suite's words are not ours.
"""

import collections
import hashlib
import json
import pathlib
import re
import sys

RECORD = pathlib.Path(__file__).with_name("sytest.jsonl")


def test_name(name):
    """Ports and identifiers differ from run to run."""
    return hashlib.sha256(re.sub(r"\d{4,}", "N", name).encode()).hexdigest()[:12]


def of_run(path):
    """(file, name, which of that name) -> (result, the suite's name)"""
    results, same = {}, collections.Counter()
    for line in path.read_text(errors="replace").splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        if entry.get("kind") != "test" or entry["file"].endswith("/99rig.pl"):
            continue
        name = (entry["file"], test_name(entry["name"]))
        same[name] += 1
        results[(*name, same[name])] = (entry["result"], entry["name"])
    return results


def recorded():
    results, same = {}, collections.Counter()
    if RECORD.exists():
        for line in RECORD.read_text().splitlines():
            entry = json.loads(line)
            name = (entry["file"], entry["test"])
            same[name] += 1
            results[(*name, same[name])] = entry["result"]
    return results


def record(run):
    files = {key[0] for key in run}
    results = {key: result for key, result in recorded().items() if key[0] not in files}
    results.update({key: result for key, (result, _) in run.items()})
    with RECORD.open("w") as file:
        for (path, test, _), result in sorted(results.items()):
            file.write(json.dumps({"file": path, "test": test, "result": result}) + "\n")
    print(dict(collections.Counter(results.values())))


def compare(run):
    files = {key[0] for key in run}
    before = {key: result for key, result in recorded().items() if key[0] in files}
    different = 0
    for key in sorted(before.keys() | run.keys()):
        was, (now, name) = before.get(key, "absent"), run.get(key, ("absent", ""))
        if was != now:
            different += 1
            print(f"{was} -> {now}: {key[0]} {key[1]} {name}")
    print(dict(collections.Counter(result for result, _ in run.values())), f"{different} differ from the record")
    return different == 0


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("record", "compare"):
        sys.exit(__doc__)
    run = of_run(pathlib.Path(sys.argv[2]))
    if not run:
        sys.exit(f"There is no result in {sys.argv[2]}.")
    if sys.argv[1] == "record":
        record(run)
    elif not compare(run):
        sys.exit(1)


if __name__ == "__main__":
    main()
