import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const SETUP = path.resolve(import.meta.dirname, '../../scripts/setup.sh');

function runSetup(args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync('bash', [SETUP, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
}

/**
 * A PATH with what set-up calls, and no compiler; `fakes` (name → shell commands) stand in for some of it. dpkg-query knows of
 * no package unless a fake says otherwise.
 */
function makePath(fakes: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'bin-'));
  const scripts: Record<string, string> = { 'dpkg-query': '', ...fakes };
  const programs =
    'bash sed sort uname tr awk dirname id grep node find flock rm wc cat head tail mktemp apt-get apt-cache dpkg dpkg-query';
  for (const name of programs.split(' ')) {
    const file = path.join(directory, name);
    const real = (process.env['PATH'] ?? '').split(':').find((entry) => existsSync(path.join(entry, name)));
    const script = scripts[name];
    if (script !== undefined) writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    else if (real !== undefined) symlinkSync(path.join(real, name), file);
  }
  return directory;
}

test('a dry run says what is missing and makes nothing', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'setup-'));
  const prefix = path.join(directory, 'criu');
  const result = runSetup(['--dry-run'], {
    TSCTR_CRIU_PREFIX: prefix,
    PATH: makePath(),
    TMPDIR: directory,
  });
  assert.is(result.status, 0, result.stderr);
  for (const line of result.stdout.trimEnd().split('\n'))
    assert.match(line, /^set-up: (would: |nothing to do)/);
  assert.match(result.stdout, /would: Debian packages: .*g\+\+/);
  assert.equal(readdirSync(directory), []);
});

test('an unknown argument is bad input', () => {
  const result = runSetup(['--dry-rnu']);
  assert.is(result.status, 2);
  assert.match(result.stderr, /usage/);
});

test('packages that would bring another C library are refused before anything is installed', () => {
  const calls = path.join(mkdtempSync(path.join(tmpdir(), 'apt-')), 'calls');
  const bin = makePath({
    'apt-get': `echo "$*" >> ${calls}; case " $* " in *" -s "*) echo 'Inst libc6 [2.36-9] (2.41-12 Debian:13)';; esac`,
    id: 'echo 0',
  });
  const result = runSetup(['--no-build'], { PATH: bin });
  assert.is(result.status, 1);
  assert.match(result.stderr, /would upgrade the C library.*2\.36-9/);
  const installs = readFileSync(calls, 'utf8')
    .split('\n')
    .filter((call) => call.includes('install') && !call.includes('-s '));
  assert.equal(installs, []);
});

/** What set-up would do about CRIU on that kernel where `own` is in the prefix; Debian 12 has 3.17 to offer. */
function planForCriu(kernel: string, own: string): string {
  const prefix = mkdtempSync(path.join(tmpdir(), 'criu-'));
  mkdirSync(path.join(prefix, 'bin'));
  writeFileSync(path.join(prefix, 'bin/criu'), `#!/bin/sh\necho 'Version: ${own}'\n`, { mode: 0o755 });
  const fakes = { uname: `echo ${kernel}`, 'apt-cache': "echo '  Candidate: 3.17.1-2+deb12u2'" };
  const bin = makePath(fakes);
  const { stdout } = runSetup(['--dry-run', '--no-build'], { PATH: bin, TSCTR_CRIU_PREFIX: prefix });
  return /criu and its libraries from Debian \S+/.exec(stdout)?.[0] ?? 'nothing';
}

test('from kernel 6.16 on a CRIU is wanted that can save internet sockets there', () => {
  const newer = 'criu and its libraries from Debian forky';
  assert.is(planForCriu('6.18.44-1-amd64', '4.1.1'), newer);
  assert.is(planForCriu('6.16.0', '4.1.1'), newer);
  assert.is(planForCriu('7.1.0', '4.1.1'), newer);
  assert.is(planForCriu('6.18.44', '4.2.1'), 'nothing');
  assert.is(planForCriu('6.18.44', '4.10'), 'nothing');
  assert.is(planForCriu('6.1.0-18-amd64', '4.0'), 'nothing');
  assert.is(planForCriu('6.12.57', '3.17.1'), 'criu and its libraries from Debian trixie');
});

test.run();
