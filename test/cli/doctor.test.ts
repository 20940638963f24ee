import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAtLeast } from '../../cli/doctor/check.ts';
import type { Check } from '../../cli/doctor/check.ts';
import { checkPlace } from '../../cli/doctor/check-place.ts';
import { findProgram, runProgram } from '../../cli/doctor/program.ts';
import { FakeService } from './support/fake-service.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { typeCommand } from './support/type-command.ts';

test('tsctr doctor: every line that is not ok says what to do, and its code says whether tsctr works', async () => {
  const directory = temporaryDirectory();
  const place = ['--root', join(directory, 'root'), '--run', join(directory, 'run')];
  const { code, out } = await typeCommand(new FakeService(), [...place, 'doctor', '-o', 'json']);
  const report = JSON.parse(out) as { works: boolean; checks: Check[] };
  for (const { name, status, found, advice } of report.checks) {
    assert.ok(found !== '', name);
    assert.is(advice === null, status === 'ok', name);
  }
  assert.is(code, report.works ? 0 : 1);
  const names = report.checks.map(({ name }) => name);
  for (const name of [
    'kernel',
    'cgroups',
    'runtime',
    'conmon',
    'skopeo',
    'criu',
    'rights',
    'disk',
    'addon',
    'daemon',
  ]) {
    assert.ok(names.includes(name), name);
  }
});

test('a manifest directory that others can write to is in the way', async () => {
  const directory = temporaryDirectory();
  const manifests = join(directory, 'manifests');
  mkdirSync(manifests);
  const globals = {
    root: directory,
    run: directory,
    config: '',
    output: 'text',
    colour: false,
    verbose: false,
  } as const;
  const statusOf = async (mode: number): Promise<string> => {
    chmodSync(manifests, mode);
    return (await checkPlace(globals, manifests)).find(({ name }) => name === 'manifests')?.status ?? '';
  };
  assert.is(await statusOf(0o777), 'fail');
  assert.is(await statusOf(0o755), process.getuid?.() === 0 ? 'ok' : 'fail');
});

test('versions compare by number', () => {
  assert.ok(isAtLeast('5.12.0-rc1', '5.12'));
  assert.ok(isAtLeast('6.18.44-x', '5.12'));
  assert.not.ok(isAtLeast('5.9', '5.12'));
  assert.not.ok(isAtLeast('3.17.1', '4.0'));
});

test('programs are found by name, and what they do not do is no exception', async () => {
  assert.match((await findProgram('sh')) ?? '', /\/sh$/);
  assert.is(await findProgram('no-such-program-at-all'), null);
  assert.is(await findProgram('x', ['/etc/passwd', '/bin/sh']), '/bin/sh');
  assert.is((await runProgram('/bin/false', [])).code, 1);
  assert.is((await runProgram('/nowhere', [])).code, null);
});

test.run();
