# SPDX-License-Identifier: Apache-2.0
"""Lines of real text in some 100 languages, taken from unpacked Debian packages.

apache2-doc (Apache-2.0): prose and configuration of the HTTP server's manual, 11 languages.
python3-django (BSD-3-Clause): messages of a web framework, about 90 languages.
unicode-cldr-core (Unicode-DFS-2016): emoji with their keywords, about 140 languages.
"""

import gettext
import hashlib
import html
import re
import xml.etree.ElementTree as xml

BLOCK = re.compile(r"<(p|dd|td|li|h[1-4]|pre)\b[^>]*>(.*?)</\1>", re.S)
TAG = re.compile(r"<[^>]+>")
NAVIGATION = re.compile("Apache HTTP Server|Available Languages|&nbsp;\\|")


def manual_lines(text):
    """Paragraphs as one line each; listings line by line with their indentation."""
    for tag, body in BLOCK.findall(text):
        if NAVIGATION.search(body):
            continue
        plain = html.unescape(TAG.sub("", body))
        if tag == "pre":
            yield from (line.rstrip("\r") for line in plain.split("\n"))
        else:
            yield " ".join(plain.split())


def manual(root):
    """(language, line) of the Apache manual; pages that are not translated are left out."""
    home = root / "usr/share/doc/apache2-doc/manual"
    for page in sorted(home.glob("*/**/*.html")):
        language = page.relative_to(home).parts[0]
        raw = page.read_bytes()
        charset = re.search(rb"charset=([A-Za-z0-9-]+)", raw)
        text = raw.decode(charset.group(1).decode() if charset else "utf-8", "strict")
        written = re.search(r'<html lang="([^"]+)"', text)
        if written and written.group(1) == language:
            for line in manual_lines(text):
                yield language, line


def messages(root):
    """(language, line) of Django's translations."""
    home = root / "usr/lib/python3/dist-packages/django"
    for file in sorted(home.glob("**/locale/*/LC_MESSAGES/*.mo")):
        language = file.parts[-3]
        with file.open("rb") as stream:
            catalog = gettext.GNUTranslations(stream)._catalog
        for original, translated in sorted(catalog.items(), key=str):
            if original:
                for line in translated.split("\n"):
                    yield language, line


def emoji(root):
    """(language, line): an emoji and what it is called."""
    home = root / "usr/share/unicode/cldr/common/annotations"
    for file in sorted(home.glob("*.xml")):
        for entry in xml.parse(file).getroot().iter("annotation"):
            if entry.text and entry.get("type") != "tts":
                yield file.stem, f"{entry.get('cp')} {entry.text}"


def order(source, language, line):
    """A shuffle that is the same everywhere."""
    return hashlib.sha256(f"{source}/{language}/{line}".encode()).digest()


def collect(root, quotas):
    """Up to quotas[source] lines of every language of every source: (source, language, line)."""
    result = []
    readers = {"apache2-doc": manual, "python3-django": messages, "unicode-cldr-core": emoji}
    for source, reader in readers.items():
        by_language = {}
        for language, line in reader(root):
            if line.strip() and len(line) <= 2000:
                by_language.setdefault(language, set()).add(line)
        for language, lines in sorted(by_language.items()):
            chosen = sorted(lines, key=lambda line: order(source, language, line))
            result += [(source, language, line) for line in chosen[: quotas[source]]]
    return result
