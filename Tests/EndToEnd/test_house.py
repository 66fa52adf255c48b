"""The rules by which the house is kept in order, checked against its files."""

import re
import subprocess

import pytest

from conftest import REPOSITORY

MAX_SOURCE_LINES = 600

# What comes with the compiler and the C library. Full Foundation is missing on purpose: it costs tens of MiB of memory.
SYSTEM = {"Swift", "Glibc", "Musl", "Synchronization", "FoundationEssentials"}

# Every edge of the house: target -> the modules its files may import. A new edge is a decision, and is written here first.
ALLOWED_IMPORTS = {
    "Cryptography": {"COpenSSL"},
    "MatrixCore": {"Cryptography"},
    "Storage": {"MatrixCore", "Cryptography", "CSQLite", "CFiles"},
    "Homeserver": {"Storage", "MatrixCore", "Cryptography", "Logging"},
    "HTTPAPI": {
        "Homeserver", "MatrixCore", "Cryptography", "CWebClient",
        "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOHTTP1", "NIOHTTPTypes", "NIOPosix", "Logging", "ServiceLifecycle",
    },
    "LAN": {"Cryptography", "CAvahi", "Logging"},
    "landline": {
        "HTTPAPI", "Homeserver", "Storage", "MatrixCore", "Cryptography", "LAN",
        "CImaging", "CMemory", "ArgumentParser", "Logging", "ServiceLifecycle", "UnixSignals",
    },
    # C: module maps, bytes for the linker, and the decoders of pictures.
    "COpenSSL": set(),
    "CSQLite": set(),
    "CAvahi": set(),
    "CMemory": set(),
    "CFiles": set(),
    "CImaging": set(),
    "CWebClient": set(),
}  # fmt: skip

TOP_LEVEL = {"Package.swift", "Sources", "Tests", "web", "packaging", "README.md", "LICENSE"}

# Names that say nothing about what is inside.
EMPTY_NAMES = ("Utils", "Utilities", "Helper", "Helpers", "Manager", "Common")

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)",
    re.MULTILINE,
)


def sources(pattern="*.swift"):
    return sorted((REPOSITORY / "Sources").rglob(pattern))


def imports(text):
    return set(IMPORT.findall(text))


def test_imports_are_recognised():
    text = "import A\n  public import B.C\n@preconcurrency internal import struct D.E\n@testable import F\n// import G\nlet x = \"import H\"\n"
    assert imports(text) == {"A", "B", "D", "F"}


@pytest.mark.parametrize("target", sorted(path.name for path in (REPOSITORY / "Sources").iterdir()))
def test_targets_import_only_what_they_may(target):
    assert target in ALLOWED_IMPORTS, f"Sources/{target} is not in the table of targets"
    wrong = {}
    for path in (REPOSITORY / "Sources" / target).rglob("*.swift"):
        extra = imports(path.read_text()) - ALLOWED_IMPORTS[target] - SYSTEM
        if extra:
            wrong[str(path.relative_to(REPOSITORY))] = sorted(extra)
    assert wrong == {}


def test_no_source_imports_all_of_foundation():
    heavy = {"Foundation", "FoundationNetworking", "FoundationXML", "FoundationInternationalization"}
    assert [str(path) for path in sources() if imports(path.read_text()) & heavy] == []


def test_no_source_is_too_long():
    lines = {str(path.relative_to(REPOSITORY)): path.read_text().count("\n") for path in sources("*.swift") + sources("*.c") + sources("*.h")}
    assert {name: count for name, count in lines.items() if count > MAX_SOURCE_LINES} == {}


def test_names_say_something():
    assert [str(path) for path in sources() if path.stem.endswith(EMPTY_NAMES)] == []


def test_the_top_level_is_tidy():
    # What is tracked, and what would be if it were added; ignored files are the build's.
    listing = subprocess.run(
        ["git", "-C", REPOSITORY, "ls-files", "--cached", "--others", "--exclude-standard", "-z"], capture_output=True, text=True, check=True
    )
    names = {path.split("/", 1)[0] for path in listing.stdout.split("\0") if path}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL
