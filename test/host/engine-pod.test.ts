import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pod as podSchema } from '../../schemas/index.ts';
import type { ContainerRequest, PodRecord } from '../../schemas/index.ts';
import { rejectionOf } from '../support/rejection.ts';
import { testUnless } from '../support/skip.ts';
import { logText, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

function podRecord(spec: object = {}): PodRecord {
  return {
    schemaVersion: 1,
    kind: 'Pod',
    name: 'shop',
    id: 'ab'.repeat(32),
    owner: { source: 'apply', file: '-' },
    manifest: podSchema.parse({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'shop' },
      spec: { containers: [{ name: 'a', image: 'x' }], ...spec },
    }),
    deletionRequestedAt: null,
    override: null,
    prepared: false,
    intent: null,
    lastError: null,
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}

/** Membership of a container in that pod. */
function memberOf(record: PodRecord, member: string): Partial<ContainerRequest> {
  const pod = {
    name: record.name,
    id: record.id,
    member,
    init: false,
    shared: ['net', 'ipc', 'uts'] as const,
  };
  return { pod: { ...pod, shared: [...pod.shared] } };
}

async function start({ containers }: TestEngine, request: ContainerRequest): Promise<number> {
  await containers.create(request);
  return (await containers.start(request)).pid;
}

const namespaceOf = (pid: number | 'self', kind: string): string => readlinkSync(`/proc/${pid}/ns/${kind}`);

test('the members share network, IPC, host name and /dev/shm, and nothing with the host; the pod outlives them', async () => {
  await withEngine(async (engine) => {
    const record = podRecord({ hostname: 'shop-1' });
    await engine.pods.prepare(record);
    const one = engine.request('hostname; echo x > /dev/shm/note; sleep 1000', {}, memberOf(record, 'a'));
    const other = engine.request('sleep 1000', {}, memberOf(record, 'b'));
    const pids = [await start(engine, one), await start(engine, other)];
    for (const kind of ['net', 'ipc', 'uts']) {
      const [first, second] = pids.map((pid) => namespaceOf(pid, kind));
      assert.is(first, second, kind);
      assert.is.not(first, namespaceOf('self', kind), kind);
    }
    for (const kind of ['pid', 'mnt']) {
      assert.is.not(namespaceOf(pids[0] ?? 0, kind), namespaceOf(pids[1] ?? 0, kind), kind);
    }
    const net = namespaceOf(pids[0] ?? 0, 'net');
    const read = await engine.containers.exec(other, { command: ['cat', '/dev/shm/note'], timeoutMs: 5000 });
    assert.is(read.output, 'x\n');
    assert.is(logText(readFileSync(engine.containers.logPaths(one).current, 'utf8')), 'shop-1');
    // A member that comes again finds the same namespaces.
    await engine.containers.remove(one);
    await engine.containers.remove(other);
    assert.is(namespaceOf(await start(engine, one), 'net'), net);
    await engine.containers.remove(one);
    await engine.pods.release(record);
  });
});

const NSENTER = '/usr/bin/nsenter';
const IP = '/usr/sbin/ip';
const lacking = [NSENTER, IP].filter((tool) => !existsSync(tool));
const testWithTools = testUnless(
  test,
  lacking.length === 0 ? null : `this host has no ${lacking.join(', ')}`,
);

testWithTools(
  '[files.hosts-late] [files.hosts-shared] an address that the pod gets late stands in the one file of all its members',
  async () => {
    await withEngine(async (engine) => {
      const record = podRecord({ hostname: 'shop-1' });
      await engine.pods.prepare(record);
      const members = ['a', 'b'].map((name) =>
        engine.request('sleep 1000', { hostname: 'shop-1' }, memberOf(record, name)),
      );
      const [one, other] = members as [ContainerRequest, ContainerRequest];
      await start(engine, one);
      await engine.containers.create(other);
      const { net } = engine.parts.paths.pod(record.id);
      execFileSync(NSENTER, [`--net=${net}`, IP, 'address', 'add', '10.77.0.7/32', 'dev', 'lo']);
      await engine.containers.start(other);
      for (const member of members) {
        const { output } = await engine.containers.exec(member, {
          command: ['cat', '/etc/hosts'],
          timeoutMs: 60_000,
        });
        assert.match(output, /^10\.77\.0\.7\tshop-1$/m, 'the pod has the address');
        assert.match(
          output,
          new RegExp(`^127\\.0\\.0\\.1\\t.*\\b${one.name}\\b`, 'm'),
          'members know each other by loopback',
        );
        assert.match(output, new RegExp(`^127\\.0\\.0\\.1\\t.*\\b${other.name}\\b`, 'm'));
      }
      for (const member of members) await engine.containers.remove(member);
      await engine.pods.release(record);
    });
  },
);

test('[prepare.idempotent] preparing twice pins once, releasing twice is no error', async () => {
  await withEngine(async (engine) => {
    const record = podRecord();
    const { net, shm, directory, state } = engine.parts.paths.pod(record.id);
    await engine.pods.prepare(record);
    const inode = statSync(net).ino;
    await engine.pods.prepare(record);
    assert.is(statSync(net).ino, inode);
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    for (const target of [net, shm])
      assert.is(mounts.filter((line) => line.split(' ')[4] === target).length, 1);
    await engine.pods.release(record);
    await engine.pods.release(record);
    assert.not(existsSync(directory));
    assert.not(existsSync(state));
  });
});

test("with the host's network and IPC nothing of these is pinned", async () => {
  await withEngine(async (engine) => {
    const record = podRecord({ hostNetwork: true, hostIPC: true });
    await engine.pods.prepare(record);
    assert.not(
      readFileSync('/proc/self/mountinfo', 'utf8').includes(engine.parts.paths.pod(record.id).directory),
    );
    await engine.pods.release(record);
  });
});

test('[prepare.rollback] a preparation that fails leaves nothing mounted, and the volumes of the pod as they were', async () => {
  await withEngine(async (engine) => {
    const record = podRecord();
    const { emptyDirs, directory } = engine.parts.paths.pod(record.id);
    mkdirSync(path.join(emptyDirs, 'data'), { recursive: true });
    writeFileSync(path.join(emptyDirs, 'data/kept'), '');
    const { kernel } = engine.parts;
    const healthy = { ...kernel };
    kernel.pinNamespaces = () => Promise.reject(new Error('no namespaces today'));
    assert.is((await rejectionOf(engine.pods.prepare(record))).message, 'no namespaces today');
    kernel.pinNamespaces = (request) => healthy.pinNamespaces(request);
    assert.not(existsSync(directory));
    assert.ok(existsSync(path.join(emptyDirs, 'data/kept')));
    await engine.pods.release(record);
    assert.not(existsSync(emptyDirs));
  });
});

test('an emptyDir of the pod is one for all members and outlives each of them', async () => {
  await withEngine(async (engine) => {
    const record = podRecord();
    await engine.pods.prepare(record);
    const spec = {
      volumes: [
        { name: 'disk', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      ],
      volumeMounts: ['disk', 'memory'].map((name) => ({ name, mountPath: `/${name}` })),
    };
    const writer = engine.request('echo 1 > /disk/f; echo 2 > /memory/f', spec, memberOf(record, 'a'));
    await start(engine, writer);
    assert.is((await engine.containers.waitExit(writer)).code, 0);
    await engine.containers.remove(writer);
    const script = 'cat /disk/f /memory/f; df -k /memory | tail -1';
    const reader = engine.request(script, spec, memberOf(record, 'b'));
    await start(engine, reader);
    await engine.containers.waitExit(reader);
    const [one, two, size = ''] = logText(
      readFileSync(engine.containers.logPaths(reader).current, 'utf8'),
    ).split('\n');
    assert.equal([one, two], ['1', '2']);
    assert.match(size, /\b1024\b/);
    await engine.containers.remove(reader);
    await engine.pods.release(record);
  });
});

test.run();
