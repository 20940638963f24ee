import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findProgram } from '../../engine/host.ts';
import { until } from '../support/until.ts';
import { testUnless } from '../support/skip.ts';

const criu = findProgram('criu', ['/opt/tsctr/criu/bin/criu']);
const check = criu === null ? null : spawnSync(criu, ['check'], { encoding: 'utf8' });
const missing =
  criu === null
    ? 'there is no criu here'
    : check?.status === 0
      ? null
      : `\`criu check\` refuses this host: ${check?.stderr.trim().split('\n').at(-1) ?? ''}`;

testUnless(test, missing)(
  'the CRIU that set-up brought dumps a process of this kernel and restores it',
  async () => {
    const images = mkdtempSync(path.join(tmpdir(), 'criu-'));
    const program = criu ?? '';
    const run = (...args: string[]) => {
      const result = spawnSync(program, [...args, '-D', images, '-v4', '-o', 'log'], { encoding: 'utf8' });
      assert.is(
        result.status,
        0,
        `${result.stderr}${readFileSync(path.join(images, 'log'), 'utf8').slice(-2000)}`,
      );
    };
    const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', cwd: '/' });
    const pid = String(child.pid);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await until(() => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n', {
      what: 'sleep has been started',
    });
    run('dump', '-t', pid);
    await ended;
    assert.not(existsSync(`/proc/${pid}`));
    run('restore', '-d');
    assert.is(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), 'sleep\x001000\x00');
    process.kill(Number(pid), 'SIGKILL');
  },
);

test.run();
