import { cpSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { importDemoImage } from '../support/demo-image.ts';
import { leftSince, takeInstanceSnapshot } from '../support/host-snapshot.ts';
import { readLimit } from '../support/read-limit.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';

interface Listed {
  items: {
    metadata: { name: string };
    status: {
      state: string;
      pid?: number;
      startedAt?: string;
      containerStatuses?: { state: string; pid: number }[];
    };
  }[];
}

interface Context {
  testRoot: TestRoot;
  manifests: string;
  port: number;
}

/** The example that saves a container as soon as it is applied. */
const ONCE = 'checkpoint-once.yaml';
const canSave = (await missingForCheckpoints()) === null;

const test = suite<Context>('apply -f examples/', {} as Context);

test.before(async (context) => {
  context.testRoot = await createTestRoot();
  context.port = await freePort();
  context.manifests = copyExamples(context.testRoot, context.port);
  await importDemoImage(context.testRoot);
});

test.after(async (context) => {
  await context.testRoot.remove();
});

test('runs them, changes nothing the second time, and deletes them without leaving anything', async (context) => {
  const { testRoot, manifests, port } = context;
  // The directories that an instance makes for itself stay: they are there after the first ones have come and gone.
  for (const names of [['hello.yaml'], ['pod.yaml'], ['volume.yaml'], ['checkpoint.yaml', ONCE]]) {
    const files = names.filter((name) => name !== ONCE || canSave);
    const given = files.flatMap((name) => ['-f', path.join(manifests, name)]);
    await testRoot.output(['apply', ...given, '--wait']);
    await testRoot.output(['delete', ...given]);
  }
  const before = await takeInstanceSnapshot(testRoot);
  await testRoot.output(['apply', '-f', manifests, '--wait']);

  const { items } = JSON.parse(await testRoot.output(['get', '-o', 'json'])) as Listed;
  assert.equal(items.map((item) => item.metadata.name).sort(), [
    'diary',
    'hello',
    'journal',
    'limits',
    'memory',
    'web',
  ]);
  for (const item of items) assert.is(item.status.state, 'Running', item.metadata.name);
  assert.is((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
  assertNamespaces(items);
  const limits = pidOf(items, 'limits');
  assert.is(await readLimit(limits, 'memory'), String(64 * 1024 * 1024));
  assert.is(await readLimit(limits, 'pids'), '32');
  assert.match(await testRoot.output(['logs', 'container/hello']), /^hello 1\n/);

  const again = await testRoot.output(['apply', '-f', manifests, '--wait']);
  assert.match(again, canSave ? /0 changed, 8 unchanged/ : /0 changed, 7 unchanged/);
  const saved = await testRoot.output(['get', 'checkpoints']);
  if (canSave) assert.match(saved, /memory-at-the-start .* Complete .* memory@1\n/);
  const { items: later } = JSON.parse(await testRoot.output(['get', '-o', 'json'])) as Listed;
  assert.equal(later.map(startOf), items.map(startOf));

  await testRoot.output(['delete', '-f', manifests]);
  assert.equal(await leftSince(before, testRoot), []);
  assert.equal((JSON.parse(await testRoot.output(['get', '-o', 'json'])) as Listed).items, []);
});

function pidOf(items: Listed['items'], name: string): number {
  const pid = items.find((item) => item.metadata.name === name)?.status.pid;
  if (pid === undefined) throw new Error(`get: no pid of ${name}`);
  return pid;
}

function startOf(item: Listed['items'][number]): unknown {
  return [item.metadata.name, item.status.pid, item.status.startedAt];
}

function assertNamespaces(items: Listed['items']): void {
  const namespace = (pid: number | 'self', kind: string) => readlinkSync(`/proc/${pid}/ns/${kind}`);
  const [hello, web] = [pidOf(items, 'hello'), pidOf(items, 'web')];
  for (const kind of ['pid', 'mnt', 'ipc', 'uts', 'net']) {
    assert.is.not(
      namespace(hello, kind),
      namespace('self', kind),
      `hello has a ${kind} namespace of its own`,
    );
  }
  assert.is(namespace(web, 'net'), namespace('self', 'net'), 'web is in the network of the host');
  const members = items.find((item) => item.metadata.name === 'journal')?.status.containerStatuses ?? [];
  assert.is(members.length, 2);
  const [writer, reader] = members.map((member) => member.pid);
  for (const kind of ['net', 'ipc', 'uts']) {
    assert.is(namespace(writer ?? -1, kind), namespace(reader ?? -1, kind), `the members share ${kind}`);
    assert.is.not(namespace(writer ?? -1, kind), namespace('self', kind));
  }
  assert.is.not(namespace(writer ?? -1, 'pid'), namespace(reader ?? -1, 'pid'));
}

function copyExamples(testRoot: TestRoot, port: number): string {
  const manifests = path.join(testRoot.directory, 'examples');
  cpSync(path.resolve(import.meta.dirname, '../../examples'), manifests, { recursive: true });
  if (!canSave) rmSync(path.join(manifests, ONCE));
  for (const name of readdirSync(manifests)) {
    const file = path.join(manifests, name);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('18080', String(port)));
  }
  return manifests;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test.run();
