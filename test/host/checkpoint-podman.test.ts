import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { isUnbroken, numbersOf } from '../support/checkpoint-scenario.ts';
import { demoImageArchive, importDemoImage } from '../support/demo-image.ts';
import { testUnless } from '../support/skip.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';
import { until } from '../support/until.ts';

const PODMAN = '/usr/bin/podman';
const CRIU = path.dirname('/opt/tsctr/criu/bin/criu');

const missing =
  (await missingForCheckpoints()) ??
  (existsSync(PODMAN) ? null : 'podman is not installed') ??
  (existsSync('/usr/sbin/runc') ? null : 'runc is not installed');
const onHost = testUnless(test, missing);

/** Changes a file of the image, adds one and deletes one, and then counts with what it reads there. */
const COUNT =
  'echo tester:x:7:7::/:/bin/sh >>/etc/passwd; echo added >/added; rm -f /etc/group; echo shared >/dev/shm/s; n=0; ' +
  'while :; do n=$((n+1)); echo n=$n; echo "sees $(tail -n 1 /etc/passwd) $(cat /added /dev/shm/s | tr "\\n" " ") $(ls /etc/group 2>&1)"; sleep 0.2; done';
const SEES = /^sees tester:x:7:7::\/:\/bin\/sh added shared +ls: /m;

type Podman = (args: readonly string[]) => Promise<string>;

/** podman with storage and state of its own, the runtime and the CRIU of tsctr. */
async function createPodman(testRoot: TestRoot): Promise<Podman> {
  const directory = path.join(testRoot.directory, 'podman');
  await mkdir(path.join(directory, 'cni'), { recursive: true, mode: 0o700 });
  const configuration = await testRoot.write(
    'podman/containers.conf',
    [
      '[containers]',
      'default_ulimits = ["nofile=1024:1024", "nproc=10000:10000"]',
      'log_driver = "k8s-file"',
      '[engine]',
      'cgroup_manager = "cgroupfs"',
      'events_logger = "file"',
      'runtime = "runc"',
      '[engine.runtimes]',
      'runc = ["/usr/sbin/runc"]',
      '[network]',
      'network_backend = "netavark"',
      `network_config_dir = "${path.join(directory, 'cni')}"`,
      '',
    ].join('\n'),
  );
  const places = [
    '--root',
    `${directory}/root`,
    '--runroot',
    `${directory}/run`,
    '--tmpdir',
    `${directory}/tmp`,
  ];
  const env = {
    ...process.env,
    CONTAINERS_CONF: configuration,
    PATH: `${CRIU}:${process.env['PATH'] ?? ''}`,
  };
  return async (args) => {
    const all = [...places, '--storage-driver', 'overlay', ...args];
    return (await promisify(execFile)(PODMAN, all, { env, timeout: 60_000 })).stdout;
  };
}

async function withBoth(body: (testRoot: TestRoot, podman: Podman) => Promise<void>): Promise<void> {
  const testRoot = await createTestRoot();
  try {
    await importDemoImage(testRoot);
    const podman = await createPodman(testRoot);
    try {
      await podman(['pull', '--quiet', `oci-archive:${await demoImageArchive()}`]);
      await body(testRoot, podman);
    } finally {
      await podman(['rm', '--force', '--time', '0', '--all']).catch(() => undefined);
      await podman(['rmi', '--all', '--force']).catch(() => undefined);
    }
  } finally {
    await testRoot.remove();
  }
}

onHost(
  '[ckpt.export] an archive of ours goes on under podman, with the files that were changed, added and deleted',
  () =>
    withBoth(async (testRoot, podman) => {
      const manifest = await testRoot.write(
        'ours.yaml',
        `apiVersion: tsctr.dev/v1
kind: Container
metadata: { name: ours }
spec:
  image: localhost/demo:1
  imagePullPolicy: IfNotPresent
  command: [sh, -c]
  args: [${JSON.stringify(COUNT)}]
  terminationGracePeriodSeconds: 0
`,
      );
      await testRoot.output(['apply', '-f', manifest]);
      const log = () => testRoot.output(['logs', 'ours']);
      await until(async () => numbersOf(await log()).length > 2, { what: 'it counts' });
      const file = path.join(testRoot.directory, 'ours.tar.zst');
      await testRoot.output(['checkpoint', 'ours', '--export', file]);
      const saved = numbersOf(await log()).at(-1) ?? 0;
      await podman(['container', 'restore', '--import', file]);
      await until(async () => (numbersOf(await podman(['logs', 'ours'])).at(-1) ?? 0) > saved + 2, {
        what: 'it counts on under podman',
      });
      const text = await podman(['logs', 'ours']);
      assert.ok(isUnbroken(numbersOf(text)), 'no number is lost');
      assert.match(text.slice(text.indexOf(`n=${String(saved + 1)}\n`)), SEES);
      await testRoot.output(['delete', 'ours']);
    }),
);

onHost(
  "[restore.from] an archive of podman's goes on here, with the manifest that fits it and only where it is trusted",
  () =>
    withBoth(async (testRoot, podman) => {
      await podman([
        'run',
        '--detach',
        '--name',
        'theirs',
        '--network',
        'none',
        'localhost/demo:1',
        'sh',
        '-c',
        COUNT,
      ]);
      await until(async () => numbersOf(await podman(['logs', 'theirs'])).length > 2, { what: 'it counts' });
      const trusted = path.join(testRoot.directory, 'trusted');
      await mkdir(trusted, { mode: 0o700 });
      const file = path.join(trusted, 'theirs.tar.gz');
      await podman(['container', 'checkpoint', '--compress', 'gzip', '--export', file, 'theirs']);
      const manifest = path.join(testRoot.directory, 'theirs.yaml');
      await testRoot.output(['checkpoint', 'inspect', file, '--manifest', manifest]);
      const refused = await testRoot.tsctr(['restore', file, '-f', manifest]);
      assert.match(refused.stdout, /not of this instance.*\(foreign\)/);
      const config = await testRoot.write(
        'config.yaml',
        `checkpoints: { trust: { directories: [${trusted}] } }`,
      );
      await testRoot.output(['--config', config, 'restore', file, '-f', manifest]);
      const log = () => testRoot.output(['logs', 'theirs']);
      await until(async () => numbersOf(await log()).length > 3, { what: 'it counts on here' });
      const text = await log();
      assert.ok((numbersOf(text)[0] ?? 0) > 2, 'it does not begin anew');
      assert.match(text, SEES);
      await testRoot.output(['delete', 'theirs']);
    }),
);

test.run();
