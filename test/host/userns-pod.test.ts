import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expandPod } from '../../reconciler/plan/expand-pod.ts';
import { pod as podSchema } from '../../schemas/index.ts';
import type { ContainerRequest, PodRecord } from '../../schemas/index.ts';
import { createContext } from '../../engine/container/container-context.ts';
import { updateDataVolume } from '../../engine/volume/data-volume.ts';
import { claim, oneVolume, outputOfRequest } from '../support/container-output.ts';
import { logText, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

function podRecord(spec: object, scripts: Record<string, string>): PodRecord {
  const containers = Object.entries(scripts).map(([name, script]) => ({
    name,
    image: 'localhost/test:1',
    command: ['/bin/sh', '-c', script],
    volumeMounts: [{ name: 'v', mountPath: '/v' }],
  }));
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
      spec: { containers, volumes: [{ name: 'v', emptyDir: {} }], ...spec },
    }),
    deletionRequestedAt: null,
    override: null,
    prepared: false,
    intent: null,
    lastError: null,
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}

/** Requests as the reconciler makes them, for each member by its name. */
function requestsOf(engine: TestEngine, record: PodRecord): Map<string, ContainerRequest> {
  const members = expandPod(record.manifest, record.id);
  return new Map(
    members.map(({ name, spec, membership }) => [
      membership.member,
      engine.request('', spec, { name, pod: membership }),
    ]),
  );
}

function request(requests: Map<string, ContainerRequest>, name: string): ContainerRequest {
  const found = requests.get(name);
  if (found === undefined) throw new Error(`no member ${name}`);
  return found;
}

test('[spec.userns] hostUsers: false gives a pod one user namespace, which owns what its members share', async () => {
  await withEngine(async (engine) => {
    chmodSync(engine.directory, 0o711);
    const look = 'readlink /proc/self/ns/user; cat /proc/self/uid_map; stat -c %u / /dev/shm /v; hostname';
    const record = podRecord(
      { hostUsers: false, hostname: 'shop-1' },
      {
        first: `${look}; touch /v/x; echo x > /dev/shm/note; hostname renamed 2>/dev/null || true; sleep 60`,
        second: `${look}; cat /dev/shm/note; stat -c %u /v/x; ip addr show lo | grep -c 127.0.0.1`,
      },
    );
    await engine.pods.prepare(record);
    const requests = requestsOf(engine, record);
    const first = request(requests, 'first');
    await engine.containers.create(first);
    const { pid } = await engine.containers.start(first);
    const second = await outputOfRequest(engine, request(requests, 'second'));
    const [namespace, map, ...rest] = second.split('\n');
    assert.match(map ?? '', /^ *0 +\d+ +65536$/);
    assert.equal(rest, ['0', '0', '0', 'shop-1', 'x', '0', '1']);
    const log = logText(readFileSync(engine.containers.logPaths(first).current, 'utf8'));
    assert.is(log.split('\n')[0], namespace);
    const [range] = await engine.parts.idRanges.list();
    assert.equal([range?.holder, range?.size], [record.id, 65_536]);
    assert.is(statSync(`/proc/${pid}`).uid, range?.start);
    for (const each of requests.values()) await engine.containers.remove(each);
    await engine.pods.release(record);
    assert.equal(await engine.parts.idRanges.list(), []);
  });
});

test('[spec.userns] a pod has the same range again after a reboot has taken its namespaces', async () => {
  await withEngine(async (engine) => {
    chmodSync(engine.directory, 0o711);
    const record = podRecord(
      { hostUsers: false },
      { a: 'cat /proc/self/uid_map; echo x >> /v/x; stat -c %u:%g /v/x' },
    );
    await engine.pods.prepare(record);
    const member = request(requestsOf(engine, record), 'a');
    const before = await outputOfRequest(engine, member);
    const { unmountAll } = await import('../../engine/rootfs/mount-overlay.ts');
    const { net, ipc, uts, user } = engine.parts.paths.pod(record.id);
    for (const file of [net, ipc, uts, user]) unmountAll(engine.parts.kernel, file);
    await engine.pods.prepare(record);
    assert.is(await outputOfRequest(engine, member), before);
    await engine.containers.remove(member);
    await engine.pods.release(record);
  });
});

test('[volume.kinds] fsGroup owns the volumes that tsctr made, and the processes are in it', async () => {
  await withEngine(async (engine) => {
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(mine);
    const securityContext = { fsGroup: 4321, runAsUser: 1000, runAsGroup: 1000 };
    const run = async (source: object, script: string, more: object = {}) => {
      const record = podRecord(
        { securityContext: { ...securityContext, ...more }, volumes: [{ name: 'v', ...source }] },
        { a: script },
      );
      await engine.pods.prepare(record);
      const member = request(requestsOf(engine, record), 'a');
      const output = await outputOfRequest(engine, member);
      await engine.containers.remove(member);
      await engine.pods.release(record);
      return output;
    };
    const look = 'id -G; stat -c %g:%a /v; mkdir /v/d; touch /v/d/x; stat -c %g:%a /v/d';
    assert.is(await run({ emptyDir: {} }, look), '1000 4321\n4321:2777\n4321:2755');
    await engine.containers.create(engine.request('true', claim('data')));
    const data = path.join(engine.directory, 'root/volumes/data/_data');
    assert.is(
      await run({ persistentVolumeClaim: { claimName: 'data' } }, look),
      '1000 4321\n4321:2775\n4321:2755',
    );
    assert.is(
      await run({ hostPath: { path: mine } }, 'stat -c %g:%a /v'),
      '0:755',
      "a hostPath is somebody else's",
    );
    assert.is(
      await run(
        { downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' }, mode: 0o400 }] } },
        'echo $(cat /v/n); stat -L -c %g:%a /v/n',
      ),
      'shop\n4321:440',
    );
    const items = [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' }, mode: 0o400 }];
    const updated = engine.request('sleep 60', { ...oneVolume({ downwardAPI: { items } }), fsGroup: 4321 });
    await engine.containers.create(updated);
    const [volume] = updated.spec.volumes ?? [];
    if (volume === undefined) throw new Error('no volume');
    await updateDataVolume(createContext(engine.parts, updated), volume);
    const file = path.join(engine.parts.paths.container(updated.id).bundle, 'data/v/n');
    assert.equal([statSync(file).gid, statSync(file).mode & 0o777], [4321, 0o440], 'also after a change');
    // OnRootMismatch leaves a volume alone whose top is as it should be; Always does not.
    chownSync(path.join(data, 'd'), 0, 0);
    const claimed = { persistentVolumeClaim: { claimName: 'data' } };
    assert.is(await run(claimed, 'stat -c %g /v/d', { fsGroupChangePolicy: 'OnRootMismatch' }), '0');
    assert.is(await run(claimed, 'stat -c %g /v/d', { fsGroupChangePolicy: 'Always' }), '4321');
  });
});

test.run();
