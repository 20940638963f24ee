import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { findProgram } from '../../engine/host.ts';
import type { OciSpec } from '../../schemas/index.ts';
import { missingForCheckpoints } from './checkpoint-host.ts';
import { sweep } from './sweep.ts';
import { makeBusyboxRoot } from './test-engine.ts';
import { TSCTR_OCI } from './tsctr-oci.ts';
import { until } from './until.ts';

export const COUNT = 'trap "exit 7" TERM; i=0; while :; do i=$((i+1)); echo n=$i; sleep 0.02; done';

/** What this host lacks for `withBundle`, in words; null when it has all. */
export async function missingForBundles(): Promise<string | null> {
  return findProgram('runc') === null ? 'there is no runc' : missingForCheckpoints();
}

/** A bundle of runc's own making, and a container of it without any engine. */
export interface BareContainer {
  directory: string;
  bundle: string;
  /** Runs a verb to its end; what it printed is in the result. */
  call: (...args: string[]) => { status: number | null; output: string };
  /** The same, where its standard output is the container's. Returns its exit code. */
  callInto: (...args: string[]) => Promise<number>;
  /** What the container has written so far, checked for gaps. */
  counted: () => number;
  state: () => { status: string; pid: number };
}

export async function withBundle(
  change: (spec: OciSpec, directory: string) => void,
  body: (container: BareContainer) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(path.join(process.env['TSCTR_TEST_DIR'] ?? '/tmp', 'b-'));
  const bundle = path.join(directory, 'bundle');
  const output = path.join(directory, 'output');
  const cgroup = `/tsctr_bundle_${process.pid}`;
  mkdirSync(bundle);
  await makeBusyboxRoot(path.join(bundle, 'rootfs'));
  writeFileSync(output, '');
  spawnSync('runc', ['spec'], { cwd: bundle });
  const config = path.join(bundle, 'config.json');
  const spec = JSON.parse(readFileSync(config, 'utf8')) as OciSpec;
  spec.process.terminal = false;
  spec.process.args = ['sh', '-c', COUNT];
  // A limit that this machine may not let us raise.
  spec.process.rlimits = [];
  spec.root.readonly = false;
  spec.linux.cgroupsPath = `${cgroup}/web`;
  change(spec, directory);
  writeFileSync(config, JSON.stringify(spec));
  const globals = ['--root', path.join(directory, 'state'), '--log', path.join(directory, 'log')];
  const env = { ...process.env, TSCTR_RUN: path.join(directory, 'run') };
  const container: BareContainer = {
    directory,
    bundle,
    call: (...args) => {
      const result = spawnSync(TSCTR_OCI, [...globals, ...args], {
        cwd: bundle,
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      return { status: result.status, output: result.stdout + result.stderr };
    },
    callInto: (...args) => {
      // A pipe, as a monitor has it: files outside of a container cannot be saved, nor sockets.
      const words = [TSCTR_OCI, ...globals, ...args].map((word) => `'${word}'`).join(' ');
      const child = spawn(
        'bash',
        ['-c', `${words} < /dev/null > >(exec cat >>'${output}') 2> >(exec cat >>'${output}.errors')`],
        {
          cwd: bundle,
          env,
          stdio: 'ignore',
        },
      );
      return new Promise((resolve) => {
        child.once('exit', (code) => {
          resolve(code ?? -1);
        });
      });
    },
    counted: () => {
      const lines = readFileSync(output, 'utf8').split('\n').filter(Boolean);
      assert.equal(
        lines,
        lines.map((_, index) => `n=${index + 1}`),
      );
      return lines.length;
    },
    state: () => JSON.parse(container.call('state', 'web').output) as { status: string; pid: number },
  };
  try {
    await body(container);
  } finally {
    container.call('delete', '--force', 'web');
    await sweep(directory);
    spawnSync('find', [
      '/sys/fs/cgroup',
      '-depth',
      '-type',
      'd',
      '-path',
      `*${cgroup}*`,
      '-exec',
      'rmdir',
      '{}',
      ';',
    ]);
  }
}

export async function goesOn({ counted }: BareContainer): Promise<void> {
  const before = counted();
  await until(() => counted() > before + 3, { what: 'it counts' });
}
