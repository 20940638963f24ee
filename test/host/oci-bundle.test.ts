import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { OciSpec } from '../../schemas/index.ts';
import { findProgram } from '../../engine/host.ts';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { testUnless } from '../support/skip.ts';
import { sweep } from '../support/sweep.ts';
import { makeBusyboxRoot } from '../support/test-engine.ts';
import { TSCTR_OCI } from '../support/tsctr-oci.ts';
import { until } from '../support/until.ts';

const missing = findProgram('runc') === null ? 'there is no runc' : await missingForCheckpoints();
const onHost = testUnless(test, missing);
const COUNT = 'trap "exit 7" TERM; i=0; while :; do i=$((i+1)); echo n=$i; sleep 0.02; done';

/** A bundle of runc's own making, and a container of it without any engine. */
interface BareContainer {
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

async function withBundle(
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

async function goesOn({ counted }: BareContainer): Promise<void> {
  const before = counted();
  await until(() => counted() > before + 3, { what: 'it counts' });
}

onHost(
  '[restore.after] create, start, checkpoint, restore, exec, kill and delete of a bare bundle',
  async () => {
    await withBundle(
      () => undefined,
      async (container) => {
        const { call, callInto, state, directory } = container;
        assert.is(await callInto('create', 'web'), 0);
        assert.is(state().status, 'created');
        assert.is(call('start', 'web').status, 0);
        await goesOn(container);
        const images = path.join(directory, 'images');
        const { pid } = state();
        const left = call(
          'checkpoint',
          '--leave-running',
          '--image-path',
          path.join(directory, 'first'),
          'web',
        );
        assert.is(left.status, 0, left.output);
        assert.is(state().pid, pid, 'left running');
        await goesOn(container);
        for (let round = 0; round < 2; round++) {
          const saved = call('checkpoint', '--image-path', images, '--work-path', directory, 'web');
          assert.is(saved.status, 0, saved.output);
          assert.match(call('state', 'web').output, /does not exist/);
          assert.ok(
            existsSync(path.join(directory, 'stats-dump')) && existsSync(path.join(directory, 'dump.log')),
          );
          const pidFile = path.join(directory, 'pid');
          assert.is(
            await callInto('restore', '--detach', '--image-path', images, '--pid-file', pidFile, 'web'),
            0,
          );
          assert.is(state().status, 'running');
          assert.is(String(state().pid), readFileSync(pidFile, 'utf8'));
          await goesOn(container);
        }
        assert.is(call('exec', 'web', 'echo', 'inside').output, 'inside\n');
        const again = call('restore', '--detach', '--image-path', images, 'web');
        assert.is(again.status, 1);
        assert.match(again.output, /container with given ID already exists/);
        assert.is(state().status, 'running', 'it is not harmed by that');
        assert.is(call('pause', 'web').status, 0);
        assert.is(state().status, 'paused');
        assert.is(call('resume', 'web').status, 0);
        assert.is(call('kill', 'web', 'TERM').status, 0);
        await until(() => state().status === 'stopped', { what: 'it has ended' });
        assert.is(call('delete', 'web').status, 0);
      },
    );
  },
);

onHost(
  '[criu.sibling] in the foreground it lives as long as the container, hands signals on and returns its exit code',
  async () => {
    await withBundle(
      () => undefined,
      async (container) => {
        const { call, callInto, state } = container;
        await callInto('create', 'web');
        call('start', 'web');
        await goesOn(container);
        assert.is(call('checkpoint', 'web').status, 0);
        const ended = callInto('restore', 'web');
        await until(() => call('state', 'web').status === 0 && state().status === 'running', {
          what: 'it is back',
        });
        await goesOn(container);
        const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${state().pid}/status`, 'utf8'))?.[1];
        process.kill(Number(parent), 'SIGTERM');
        assert.is(await ended, 7);
        assert.is(call('state', 'web').status, 1, 'nothing is left');
      },
    );
  },
);

onHost(
  '[restore.complete] [restore.rollback] what fails says why, in the log too, and leaves nothing',
  async () => {
    await withBundle(
      (spec) => {
        spec.process.args = ['sh', '-c', `exec 9<>/open; ${COUNT}`];
      },
      async (container) => {
        const { call, callInto, directory, bundle } = container;
        await callInto('create', 'web');
        assert.match(call('checkpoint', 'web').output, /it is created, expected running or paused/);
        call('start', 'web');
        await goesOn(container);
        const lacking = call('checkpoint', '--pre-dump', '--image-path', path.join(directory, 'pre'), 'web');
        if (lacking.status !== 0) assert.match(lacking.output, /this host lacks memory tracking/);
        assert.is(call('checkpoint', 'web').status, 0);
        assert.match(
          call('restore', '--image-path', bundle, 'web').output,
          /a complete checkpoint cannot be found/,
        );
        writeFileSync(path.join(bundle, 'rootfs/open'), 'other');
        assert.is(await callInto('restore', '--detach', 'web'), 1);
        const errors = path.join(directory, 'output.errors');
        await until(() => readFileSync(errors, 'utf8').includes('has bad size'), {
          what: 'the reason is told',
        });
        assert.match(readFileSync(path.join(directory, 'log'), 'utf8'), /level=error msg=".*has bad size/);
        assert.match(call('state', 'web').output, /does not exist/);
        assert.not(existsSync(path.join(directory, 'state/web')));
        writeFileSync(path.join(bundle, 'rootfs/open'), '');
        assert.is(await callInto('restore', '--detach', 'web'), 0);
        await goesOn(container);
      },
    );
  },
);

onHost('[criu.config-file] the annotation names the file that CRIU reads last', async () => {
  await withBundle(
    (spec, directory) => {
      spec.annotations = { 'org.criu.config': path.join(directory, 'criu.conf') };
    },
    async (container) => {
      const { call, callInto, directory } = container;
      writeFileSync(path.join(directory, 'criu.conf'), 'log-file named.log\n');
      await callInto('create', 'web');
      call('start', 'web');
      await goesOn(container);
      const saved = call('checkpoint', '--work-path', directory, 'web');
      assert.is(saved.status, 0, saved.output);
      assert.ok(existsSync(path.join(directory, 'named.log')));
      assert.not(existsSync(path.join(directory, 'dump.log')));
    },
  );
});

test.run();
