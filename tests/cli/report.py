#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The page of skep optimize --report: report.py SKEP [DIRECTORY for screenshots]

Well-formed, complete in itself, and nothing in it that a file's names could
have put there as markup. With Chromium on the machine the page is also opened:
it tests itself (#selftest folds, searches, follows its links), and a screenshot
is taken, which must show something. Without Chromium that part is skipped.
"""
import html.parser
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

import fixtures

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EVIL = '<script>alert(1)</script>"\'&'
VOID = {'meta', 'input', 'br', 'path', 'rect'}
ANSWERS = 16


class Page(html.parser.HTMLParser):
    """Tags in balance, ids, links, and how many scripts there are."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.bad, self.scripts, self.text = [], [], [], [], 0, []
        self.feed(text)
        self.bad += [f'<{t}> is not closed' for t in self.open]
        self.bad += [f'no place for the link {h}' for h in set(self.links) - {'#' + i for i in self.ids}]
        self.bad += [f'{i} is there twice' for i in set(self.ids) if self.ids.count(i) > 1] if len(self.ids) < 2000 else []

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == 'script'
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == 'id':
                self.ids.append(value)
            if name == 'href':
                self.links.append(value)
            if name == 'src' or name.startswith('on') or (name == 'href' and not value.startswith('#')):
                self.bad.append(f'<{tag} {name}={value}>')

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad.append(f'</{tag}> closes something else')

    def handle_data(self, data):
        self.text.append(data)


def check(name, ok, what=''):
    print(f'{"ok" if ok else "FAIL"} {name}{": " + str(what) if what and not ok else ""}')
    return not ok


def counts_of_runs(text):
    """Are there counts beside the code, which add up, and is what was executed most (in each run) as hot as can be?"""
    rows = [re.findall(r'<td class="h"(?: style="--warm:([0-9.]+)">(\d+))?', row)
            for row in re.findall(r'<tr class="(?:same|mod|del|add)">.*?</tr>', text, re.S)]
    if not any(rows):
        return False
    old, new = ([int(row[side][1]) for row in rows if row[side][1]] for side in (0, 1))
    warm = [float(w) for row in rows for w, _ in row if w]
    total = re.search(r'<b>(\d+) \S+ (\d+) [^<]*</b><span>instructions executed<', text)
    return (bool(total) and [sum(old), sum(new)] == [int(total.group(1)), int(total.group(2))]
            and 0 < max(old) == max(new) <= 200 and max(warm) == 1.0)


def evil_object():
    code = fixtures.insn(0xb7, 1, 0, 0, 5) + fixtures.insn(0xb7, 0, 0, 0, 2) + fixtures.insn(0x95)
    return fixtures.elf([('xdp', 6, code), ('license', 3, b'GPL\0')], [(EVIL + '\x1b\xff'.encode('latin-1').decode('latin-1'), 1, 0, len(code))])


def colours(png):
    """How many different bytes the picture's rows have: a blank page has few."""
    data, at, packed = png.read_bytes(), 8, b''
    while at < len(data):
        size, kind = struct.unpack_from('>I4s', data, at)
        if kind == b'IDAT':
            packed += data[at + 8:at + 8 + size]
        at += 12 + size
    return len(set(zlib.decompress(packed)))


def chromium(browser, tmp, page, *args):
    return subprocess.run([browser, '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run',
                           '--disable-background-networking', '--disable-component-update', '--disable-sync',
                           f'--user-data-dir={tmp / "profile"}', *args, page], capture_output=True, timeout=100)


def narrow(browser, tmp, page):
    """How wide the page is in a window of 400 pixels, as on a telephone."""
    frame = tmp / 'frame.html'
    frame.write_text(f'''<iframe id=f src="{page.name}" width=400 height=2000></iframe><pre id=wide></pre>
<script>f.onload = () => {{ wide.textContent = 'px ' + f.contentDocument.documentElement.scrollWidth }}</script>''')
    out = chromium(browser, tmp, f'file://{frame}', '--allow-file-access-from-files', '--dump-dom').stdout.decode(errors='replace')
    found = re.search(r'>px (\d+)<', out)
    return int(found.group(1)) if found else 0


def browse(browser, tmp, page, shots):
    failed = 0
    out = chromium(browser, tmp, f'file://{page}#selftest', '--dump-dom').stdout.decode(errors='replace')
    found = re.search(r'<pre id="answers">(.*?)</pre>', out, re.S)
    lines = found.group(1).strip().splitlines() if found else []
    failed += check(f'{page.name}: the page tests itself', len(lines) == ANSWERS, f'{len(lines)} answers')
    for line in lines:
        failed += check(f'{page.name}: {line}', line.startswith('ok '))
    shot = shots / (page.stem + '.png')
    chromium(browser, tmp, f'file://{page}', '--window-size=1400,1000', f'--screenshot={shot}')
    failed += check(f'{page.name}: screenshot', shot.exists() and colours(shot) > 60)
    width = narrow(browser, tmp, page)
    failed += check(f'{page.name}: fits into 400 pixels', 0 < width <= 400, width)
    return failed


def main():
    skep = str(pathlib.Path(sys.argv[1]).resolve())
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        shots = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else tmp
        fixtures.make(tmp)
        (tmp / 'evil.o').write_bytes(evil_object())
        (tmp / 'evil & <b>.o').write_bytes(fixtures.tiny())
        have = fixtures.compile_examples(ROOT, tmp)
        inputs = ['tiny.o', 'two.o', 'control.o', 'evil.o', 'evil & <b>.o'] + sorted(n for n in have if n.endswith('.o'))
        heated = next((n for n in inputs if 'firewall' in n), 'tiny.o')
        pages = []
        for name in inputs:
            page = tmp / (re.sub('[^a-z0-9_-]', '-', name.removesuffix('.o')) + '.html')
            heat = ['--heat', '200'] if name == heated else []
            p = subprocess.run([skep, 'optimize', name, '--report', str(page), *heat], cwd=tmp, capture_output=True)
            failed += check(f'{name}: written', p.returncode == 0, p.stderr)
            text = page.read_text()
            parsed = Page(text)
            failed += check(f'{name}: well-formed', not parsed.bad, parsed.bad[:3])
            made = int(re.search(r'<b>(\d+)</b><span>rewrites<', text).group(1))
            by_pass = sum(map(int, re.findall(r'<td class="n">(\d+)</td><td class="barcell">', text)))
            failed += check(f'{name}: rewrites are counted', made == by_pass == text.count('<tr id="e'), (made, by_pass))
            failed += check(f'{name}: heat', counts_of_runs(text) == bool(heat), counts_of_runs(text))
            failed += check(f'{name}: one script', parsed.scripts == 1)
            failed += check(f'{name}: no control bytes', not re.search('[\x00-\x08\x0b-\x1f\x7f]', text))
            pages.append(page)
        failed += check('names are shown as they are', EVIL in ''.join(Page(pages[3].read_text()).text))
        browser = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
        if not browser:
            print('SKIP: the page in a browser: no chromium')
        else:
            chosen = [p for p in pages if 'firewall' in p.name or p.stem in ('tiny', 'evil')]
            for page in chosen:
                failed += browse(browser, tmp, page, shots)
    print('failed' if failed else 'passed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
