import { once } from 'node:events';
import { existsSync, mkdirSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { withCounter } from '../support/checkpoint-scenario.ts';
import type { CounterScene } from '../support/checkpoint-scenario.ts';
import { testUnless } from '../support/skip.ts';
import { until } from '../support/until.ts';

const PERL = '/usr/bin/perl';
const onHost = testUnless(
  test,
  (await missingForCheckpoints()) ??
    (existsSync(PERL) ? null : `there is no ${PERL} for what the shell cannot do`),
);
const READY = '$| = 1; print "ready\\n"; sleep 1 while 1;';
/** io_uring_setup(2) with four entries and no flags. */
const RING = `$p = "\\0" x 120; syscall(425, 4, $p) >= 0 or die "io_uring_setup: $!"; ${READY}`;
const SOCKET = `use IO::Socket::UNIX; $s = IO::Socket::UNIX->new(Peer => "/out/sock") or die $!; ${READY}`;

/** A program of this host's perl, which is mounted into the container. */
function perlManifest(name: string, program: string, fields: string, volume: string): string {
  const mounts = ['usr', 'lib', 'lib64'].map((place) => {
    const part = place === 'usr' ? '' : `, subPath: ${place}`;
    return `{ name: usr, mountPath: /${place}${part}, readOnly: true }`;
  });
  return `apiVersion: tsctr.dev/v1
kind: Container
metadata: { name: ${name} }
spec:
  image: localhost/demo:1
  imagePullPolicy: IfNotPresent
  command: [perl, -e, '${program}']
  terminationGracePeriodSeconds: 0
  ${fields}
  volumes: [{ name: usr, hostPath: { path: /usr } }, { name: out, hostPath: { path: ${volume} } }]
  volumeMounts: [${mounts.join(', ')}, { name: out, mountPath: /out }]
`;
}

interface Failure {
  events: { what: string; detail: string; reasons?: { reason: string; message: string; fix: string }[] }[];
}

/** What `--check` says, and what then comes of the checkpoint; the container goes on unharmed. */
async function refused(
  { testRoot }: CounterScene,
  name: string,
): Promise<{ check: string; failure: Failure; text: string }> {
  await until(async () => (await testRoot.tsctr(['logs', name])).stdout.includes('ready'), {
    what: `${name} runs`,
  });
  const pid = async (): Promise<number> => {
    const text = await testRoot.output(['get', `container/${name}`, '-o', 'json']);
    return Number(/"pid": (\d+)/.exec(text)?.[1]);
  };
  const before = await pid();
  const check = await testRoot.tsctr(['checkpoint', name, '--check']);
  assert.is(check.exitCode, 1);
  const json = await testRoot.tsctr(['checkpoint', name, '-o', 'json']);
  assert.is(json.exitCode, 1);
  const text = await testRoot.tsctr(['checkpoint', name]);
  assert.is(await pid(), before);
  assert.match(readlinkSync(`/proc/${before}/exe`), /perl/);
  assert.match(await testRoot.output(['get']), new RegExp(`${name} +Running +1/1 +0`));
  return { check: check.stdout, failure: JSON.parse(json.stdout) as Failure, text: text.stdout };
}

interface DeclaredStatus {
  phase: string;
  attempts: number;
  failed: number;
  nextTryAt: string | null;
  checkpoint: unknown;
  conditions: { type: string; status: string; reason: string; message: string }[];
}

/** A manifest of kind Checkpoint says why, first while it is to be tried again and then for good; the container goes on unharmed. */
async function declaredInVain({ testRoot }: CounterScene, name: string): Promise<void> {
  const file = await testRoot.write(
    'safe.yaml',
    `{ apiVersion: tsctr.dev/v1, kind: Checkpoint, metadata: { name: safe }, spec: { container: ${name}, backoffLimit: 1 } }\n`,
  );
  const cause = 'a process holds an io_uring, which CRIU cannot save';
  const tryIt = async (): Promise<DeclaredStatus> => {
    const applied = await testRoot.tsctr(['apply', '-f', file]);
    assert.is(applied.exitCode, 1);
    const failed = applied.stdout.split('\n').filter((line) => /^checkpoint\/safe +failed/.test(line));
    assert.is(failed.length, 1, applied.stdout);
    assert.ok(failed[0]?.includes(cause), applied.stdout);
    assert.match(applied.stdout, /^ +\d+: .*Error \(criu\//m);
    const text = await testRoot.output(['get', 'checkpoint', 'safe', '-o', 'json']);
    return (JSON.parse(text) as { status: DeclaredStatus }).status;
  };
  const holding = ({ conditions }: DeclaredStatus): unknown[] =>
    conditions.map(({ type, status, reason, message }) => [type, status, reason, message.includes(cause)]);
  const first = await tryIt();
  assert.equal([first.attempts, first.failed, first.nextTryAt === null], [1, 1, false]);
  assert.equal(holding(first), [
    ['Complete', 'False', 'CheckpointFailed', true],
    ['Failed', 'False', 'NotFailed', false],
  ]);
  const last = await tryIt();
  assert.equal([last.phase, last.attempts, last.failed, last.nextTryAt], ['Failed', 2, 2, null]);
  assert.equal(holding(last), [
    ['Complete', 'False', 'CheckpointFailed', true],
    ['Failed', 'True', 'CheckpointFailed', true],
  ]);
  assert.is(last.checkpoint, null);
  assert.ok(
    last.conditions.every(({ message }) => !message.includes('\n')),
    "CRIU's log is told once, not kept",
  );
  assert.match(await testRoot.output(['get', 'checkpoints']), new RegExp(`safe .* Failed .*${cause}`));
  assert.match(await testRoot.output(['get']), new RegExp(`${name} +Running +1/1 +0`));
  assert.match(await testRoot.output(['checkpoint', 'list']), /^(?!.*safe)/s);
  await testRoot.output(['delete', 'checkpoint', 'safe']);
}

onHost(
  '[ckpt.fail-safe] [criu.log-excerpt] [ckpt.declared] an io_uring and a unix socket to the host: --check says so, the error and a declared checkpoint say why, and the container goes on',
  async () => {
    await withCounter(async (scene) => {
      const { testRoot } = scene;
      const out = path.join(testRoot.directory, 'out');
      mkdirSync(out);
      const outside = net.createServer().listen(path.join(out, 'sock'));
      try {
        await once(outside, 'listening');
        const unconfined = 'securityContext: { seccompProfile: { type: Unconfined } }';
        const manifests = [
          perlManifest('ring', RING, unconfined, out),
          perlManifest('talker', SOCKET, '', out),
        ];
        await testRoot.output([
          'apply',
          '-f',
          await testRoot.write('both.yaml', manifests.join('---\n')),
          '--wait=20s',
        ]);

        const ring = await refused(scene, 'ring');
        assert.match(
          ring.check,
          /io_uring +pid 1 \(perl\) holds an io_uring; CRIU cannot dump it\n +→ set spec\.securityContext\.seccompProfile\.type: RuntimeDefault/,
        );
        const [failed] = ring.failure.events.filter(({ what }) => what === 'failed');
        assert.equal(
          failed?.reasons?.map(({ reason, message }) => [reason, message]),
          [['io-uring', 'a process holds an io_uring, which CRIU cannot save']],
        );
        const [first = '', ...below] = ring.text.split('\n');
        assert.match(
          first,
          /^container\/ring +failed +checkpoint container\/ring: a process holds an io_uring, which CRIU cannot save; set spec\.securityContext\.seccompProfile\.type: RuntimeDefault, .*; the whole log: \S+\/dump\.log$/,
        );
        assert.match(below.join('\n'), /^ +\d+: .*Error \(criu\//m);
        const row = (await testRoot.output(['get'])).split('\n').find((line) => line.includes('ring')) ?? '';
        assert.match(row, /a process holds an io_uring, which CRIU cannot save; set spec/);
        assert.not.match(row, /Error \(/);

        await declaredInVain(scene, 'ring');

        const talker = await refused(scene, 'talker');
        assert.match(
          talker.check,
          /unix socket +pid 1 \(perl\) is connected by a unix socket to a process outside of the container/,
        );
        assert.match(
          talker.text,
          /^container\/talker +failed +checkpoint container\/talker: a process is connected by a unix socket to a process outside of the container; end the connection/,
        );
        await testRoot.output(['delete', 'ring', 'talker']);
      } finally {
        outside.close();
      }
    });
  },
);

test.run();
