#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the verifier has to do: cheaper.py SKEP [OBJECT]...

With the kernel as judge no program costs more than a twentieth more than before,
and nothing more at all when the verifier is the goal.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'prop'))
import objects  # noqa: E402


def main():
    skep, *given = sys.argv[1:]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        for path in given or [p for p in objects.build(pathlib.Path(tmp)) if '-big' not in p]:
            for goal, most in (('size', 1.05), ('speed', 1.05), ('verifier', 1.0)):
                done = subprocess.run([skep, 'optimize', '-k', '--repeat=1', f'--for={goal}', '--json', str(path)],
                                      capture_output=True, text=True, check=False)
                result = json.loads(done.stdout) if done.stdout else {}
                if done.returncode == 4 or result.get('kernel_unavailable'):
                    continue
                for func in result['functions']:
                    a, b = func.get('kernel_before'), func.get('kernel_after')
                    if not a or not a['accepted']:
                        continue
                    if b and b['accepted'] and b['processed'] <= a['processed'] * most:
                        passed += 1
                        continue
                    failed += 1
                    print(f'FAIL {path} {func["name"]} for {goal}: {a["processed"]} -> {b and b["processed"]}')
    if not passed + failed:
        print('SKIP: the kernel cannot be asked\n0 passed, 0 failed, 1 skipped')
        return 77
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
