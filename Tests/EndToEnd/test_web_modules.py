"""The web client without a browser: its pure modules, its types, its languages, its weight."""

import gzip
import json
import re
import shutil
import subprocess

import pytest

from conftest import REPOSITORY

WEB = REPOSITORY / "web"
MAX_FIRST_LOAD_GZIP_BYTES = 100_000

SCRIPTS = sorted(WEB.glob("js/**/*.js"))
LANGUAGES = ("en", "zh-Hans")


def table(language):
    """All sentences: those of the first view, and those that come with the pages of the file store."""
    first, files = (json.loads((WEB / "lang" / f"{part}{language}.json").read_text()) for part in ("", "files."))
    assert not set(first) & set(files)
    return {**first, **files}


def test_the_modules_pass_their_own_tests(tmp_path):
    # Beside a package.json node reads .js files as ES modules; the repository has none, for it needs none.
    shutil.copytree(WEB, tmp_path / "web")
    shutil.copytree(REPOSITORY / "Tests/WebModules", tmp_path / "Tests/WebModules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    tests = sorted(str(path) for path in (tmp_path / "Tests/WebModules").glob("*.test.mjs"))
    assert tests
    result = subprocess.run(["node", "--test", *tests], capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]


def test_the_types_are_right():
    if not shutil.which("tsc"):
        pytest.fail("tsc is missing: apt-get install node-typescript")
    result = subprocess.run([REPOSITORY / "Tests/EndToEnd/check-web-types"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_language_says_the_same_things():
    english = table("en")
    for language in LANGUAGES:
        other = table(language)
        assert set(other) == set(english), language
        for key, sentence in english.items():
            forms = [value if isinstance(value, dict) else {"other": value} for value in (sentence, other[key])]
            assert "other" in forms[1], f"{language} {key}"
            places = [set(re.findall(r"\{(\w+)\}", form["other"])) for form in forms]
            assert places[0] == places[1], f"{language} {key}"
            assert isinstance(sentence, dict) == isinstance(other[key], dict), f"{language} {key}"


def test_every_sentence_exists_and_is_used():
    text = "\n".join(script.read_text() for script in SCRIPTS)
    keys = set(table("en"))
    called = set(re.findall(r"\bt\('([\w.]+)'", text))
    assert called <= keys, called - keys
    quoted = set(re.findall(r"'([\w.]+)'", text))
    assert keys <= quoted, f"nobody says {keys - quoted}"


def test_old_browsers_can_read_it():
    """ES2019 and modules: a tablet that no longer gets updates should still chat."""
    newer = re.compile(r"\?\.[A-Za-z_(\[]|\?\?|\|\|=|&&=|\.replaceAll\(|\.replaceChildren\(|\.at\(|\.matchAll\(|structuredClone|Object\.hasOwn|randomUUID|crypto\.subtle")
    for script in SCRIPTS:
        for number, line in enumerate(script.read_text().splitlines(), 1):
            code = re.sub(r"//.*|^\s*\*.*", "", line)
            assert not newer.search(code), f"{script.name}:{number}: {line.strip()}"


def test_nothing_runs_that_the_content_policy_forbids():
    page = (WEB / "index.html").read_text()
    assert not re.search(r"\son\w+=|style=|<style|javascript:|https?://(?!www\.w3\.org/2000/svg)", page)
    assert page.count("<script") == 1 and '<script type="module" src="/js/main.js"></script>' in page
    for script in SCRIPTS:
        text = script.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|export default|cssText|setAttribute\('style", text), script.name
        assert not re.search(r"""['"`]https?://(?!www\.w3\.org/)""", text), script.name
        assert not re.search(r"^import [^;]*? from '(?!\.{1,2}/)", text, re.MULTILINE), script.name


def first_load():
    """The files that the first view needs: the page, what it links, and everything main.js imports at once."""
    page = (WEB / "index.html").read_text()
    files = {WEB / "index.html", WEB / "lang/en.json"} | {WEB / link for link in re.findall(r'<link [^>]*href="/([^"]+)"', page)}
    waiting = [WEB / "js/main.js"]
    while waiting:
        script = waiting.pop()
        if script not in files:
            files.add(script)
            for target in re.findall(r"^import [^;]*?'(\.[^']+)'", script.read_text(), re.MULTILINE):
                waiting.append((script.parent / target).resolve())
    return files


def test_the_first_load_is_light():
    total = sum(len(gzip.compress(file.read_bytes(), 9)) for file in first_load())
    assert total <= MAX_FIRST_LOAD_GZIP_BYTES


def test_every_icon_is_drawn():
    drawn = set(re.findall(r'<symbol id="i-([\w-]+)"', (WEB / "index.html").read_text()))
    used = set()
    for script in SCRIPTS:
        text = script.read_text()
        used |= set(re.findall(r"(?:\bicon(?:Button)?\(|icon: |command\(|action\(|draw\(card, |showContext\()'([\w-]+)'", text))
        if script.name == "timeline-row.js":
            used |= {"warning", "tick", "ticks", "clock"}
        if script.name == "kinds.js":
            used |= set(re.findall(r": '(\w+)'", re.search(r"const symbols = (.*);", text)[1]))
        used |= set(re.findall(r"(?:\bicon\([^()]* [?:] |root\(\w+, )'([\w-]+)'", text)) | set(re.findall(r"\bicon\([^()]* \? '\w+' : '([\w-]+)'", text))
    assert used <= drawn, used - drawn
