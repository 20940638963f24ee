import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints, missingForSockets } from '../support/checkpoint-host.ts';
import { missingForPodman, PODMAN_IMAGE, withPodman } from '../support/podman.ts';
import type { Podman } from '../support/podman.ts';
import { testUnless } from '../support/skip.ts';
import { TSCTR_OCI } from '../support/tsctr-oci.ts';
import { until } from '../support/until.ts';

const onHost = testUnless(test, missingForPodman() ?? (await missingForCheckpoints()));
const withSockets = testUnless(test, missingForPodman() ?? (await missingForSockets()));
const COUNT = 'trap "exit 7" TERM; i=0; while :; do i=$((i+1)); echo n=$i; sleep 0.05; done';

/** What it has counted so far; that nothing is missing or there twice is checked. */
async function counted({ run }: Podman, name: string): Promise<number> {
  const numbers = (await run('logs', name)).split(/\r?\n/).filter(Boolean);
  assert.equal(
    numbers,
    numbers.map((_, index) => `n=${index + 1}`),
    name,
  );
  return numbers.length;
}

async function goesOn(podman: Podman, name: string): Promise<void> {
  const before = await counted(podman, name);
  await until(async () => (await counted(podman, name)) > before + 3, { what: `${name} counts` });
}

const state = ({ run }: Podman, name: string) =>
  run('inspect', '--format', '{{.State.Status}} {{.State.Pid}} {{.State.ExitCode}}', name);

/** By the word of the runtime itself. */
async function runtimeState({ run }: Podman, name: string): Promise<{ status: string; pid: number }> {
  const id = await run('inspect', '--format', '{{.Id}}', name);
  const { stdout } = await promisify(execFile)('runc', ['state', id]);
  return JSON.parse(stdout) as { status: string; pid: number };
}

onHost(
  '[criu.sibling] [restore.after] podman checkpoints and restores with tsctr-oci as its runtime',
  async () => {
    await withPodman(TSCTR_OCI, async (podman) => {
      const { run } = podman;
      await run('run', '--detach', '--name', 'web', '--network', 'none', PODMAN_IMAGE, 'sh', '-c', COUNT);
      await goesOn(podman, 'web');
      for (let round = 0; round < 2; round++) {
        await run('container', 'checkpoint', 'web');
        assert.match(await state(podman, 'web'), /^exited \d+ 0$/);
        await run('container', 'restore', 'web');
        await goesOn(podman, 'web');
      }
      const runtime = await runtimeState(podman, 'web');
      assert.is(runtime.status, 'running');
      assert.match(await state(podman, 'web'), new RegExp(`^running ${runtime.pid} `));
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${runtime.pid}/status`, 'utf8'))?.[1];
      assert.match(readFileSync(`/proc/${parent ?? ''}/cmdline`, 'utf8'), /conmon/);

      assert.is(await run('exec', 'web', 'echo', 'inside'), 'inside');
      await run('pause', 'web');
      assert.is((await runtimeState(podman, 'web')).status, 'paused');
      await run('unpause', 'web');
      await goesOn(podman, 'web');
      await run('stop', 'web');
      assert.match(await state(podman, 'web'), /^exited 0 7$/);
      await run('restart', 'web');
      assert.match(await state(podman, 'web'), /^running/);
      await run('kill', 'web');
      await until(async () => (await state(podman, 'web')) === 'exited 0 137', { what: 'it is killed' });
    });
  },
);

onHost('[ckpt.stop-or-leave] [restore.name] podman exports, and imports under other names', async () => {
  await withPodman(TSCTR_OCI, async (podman) => {
    const { run, directory } = podman;
    const archive = path.join(directory, 'web.tar.gz');
    await run(
      'run',
      '--detach',
      '--tty',
      '--name',
      'web',
      '--network',
      'none',
      '--tmpfs',
      '/ram',
      PODMAN_IMAGE,
      'sh',
      '-c',
      `echo kept >/ram/file; echo changed >/file; ${COUNT}`,
    );
    await goesOn(podman, 'web');
    const before = await state(podman, 'web');
    await run('container', 'checkpoint', '--leave-running', '--export', archive, 'web');
    assert.is(await state(podman, 'web'), before, 'it was left running');
    await goesOn(podman, 'web');
    await run('rm', '--force', '--time', '0', 'web');
    await run('container', 'restore', '--import', archive);
    await run('container', 'restore', '--import', archive, '--name', 'other');
    for (const name of ['web', 'other']) {
      assert.match(await state(podman, name), /^running/);
      assert.is(await run('exec', name, 'cat', '/ram/file', '/file'), 'kept\nchanged');
      assert.match(await run('exec', name, 'readlink', '/proc/1/fd/1'), /^\/dev\/(pts\/0|console)$/);
      await run('exec', name, 'kill', '-TERM', '1');
      await until(async () => (await state(podman, name)) === 'exited 0 7', { what: `${name} has ended` });
    }
  });
});

withSockets('[criu.ext-ns] [criu.options] a client of a container of podman stays connected', async () => {
  await withPodman(TSCTR_OCI, async (podman) => {
    const { run } = podman;
    // The bridge, which has our address, goes with the last container on it.
    await run('run', '--detach', '--name', 'other', PODMAN_IMAGE, 'sleep', '1000');
    const server = "nc -ll -p 80 -e sh -c 'i=0; while read l; do i=$((i+1)); echo $i $l; done'";
    await run('run', '--detach', '--name', 'web', PODMAN_IMAGE, 'sh', '-c', `${server} & wait`);
    const address = await run('inspect', '--format', '{{.NetworkSettings.IPAddress}}', 'web');
    const client = net.connect(80, address);
    const errors: Error[] = [];
    client.on('error', (error) => errors.push(error));
    let heard = '';
    client.on('data', (data) => (heard += data.toString()));
    const says = (text: string) =>
      until(() => heard.endsWith(`${text}\n`), { what: `the server says ${text}`, timeoutMs: 30_000 });
    try {
      client.write('one\n');
      await says('1 one');
      await run('container', 'checkpoint', '--tcp-established', 'web');
      // Not a word from us meanwhile: podman sets up the network before it calls its runtime, and the kernel would refuse us.
      await run('container', 'restore', '--tcp-established', 'web');
      client.write('back\n');
      await says('2 back');
      assert.equal(errors, []);
    } finally {
      client.destroy();
    }
  });
});

test.run();
