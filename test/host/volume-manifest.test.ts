import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeBusyboxRoot } from '../support/test-engine.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';
import { until } from '../support/until.ts';

async function withRoot(body: (root: TestRoot) => Promise<void>): Promise<void> {
  const root = await createTestRoot();
  try {
    mkdirSync(path.join(root.directory, 'rootfs'));
    await makeBusyboxRoot(path.join(root.directory, 'rootfs'));
    await body(root);
    assert.equal(await root.remove(), [], 'nothing is left on the host');
  } finally {
    await root.remove();
  }
}

/** Writes a line into each of its volumes, then sleeps. */
function user(root: TestRoot, volumes: readonly string[]): object {
  const lines = volumes.map((name) => `echo kept >> /${name}/x`);
  return {
    apiVersion: 'tsctr.dev/v1',
    kind: 'Container',
    metadata: { name: 'db' },
    spec: {
      rootfs: path.join(root.directory, 'rootfs'),
      terminationGracePeriodSeconds: 0,
      command: ['/bin/sh', '-c', [...lines, 'exec sleep 600'].join('; ')],
      volumes: volumes.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
      volumeMounts: volumes.map((name) => ({ name, mountPath: `/${name}` })),
    },
  };
}

const volume = (name: string, spec: object = {}, labels: object = {}): object => ({
  apiVersion: 'tsctr.dev/v1',
  kind: 'Volume',
  metadata: { name, labels },
  spec,
});

const text = (...manifests: object[]): string => manifests.map((one) => JSON.stringify(one)).join('\n---\n');

test('[volume.named] a declared volume and a claim are made, seen, relabelled and mounted, and outlive their manifests', async () => {
  await withRoot(async (root) => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'ram', annotations: { 'volume.podman.io/type': 'tmpfs' } },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
    };
    const declared = (labels: object): Promise<string> =>
      root.write(
        'v.yaml',
        text(volume('data', { storage: '1Gi' }, labels), claim, user(root, ['data', 'ram'])),
      );
    const made = await root.output(['apply', '-f', await declared({ tier: 'db' }), '--wait']);
    assert.match(made, 'volume/data  new: the space that it asks for is noted, not enforced\n');
    assert.match(made, 'persistentvolumeclaim/ram  new\n');
    assert.match(await root.output(['exec', 'db', '--', 'df', '-k', '/ram']), / 1024 /, 'the claim is 1 MiB');
    const diff = await root.tsctr(['diff', '-f', await declared({ tier: 'web' })]);
    assert.is(diff.exitCode, 4);
    assert.match(diff.stdout, /volume\/data +in place +labels\[tier\]: db → web\n/);
    await root.output(['apply', '-f', await declared({ tier: 'web' }), '--wait']);
    const shown = await root.output(['describe', 'volume/data']);
    assert.match(shown, /Labels: +tier=web\n/);
    assert.match(shown, /Storage: +1 GiB, noted, not enforced\n/);
    assert.match(shown, /Used by: +container\/db\n/);
    assert.match(
      await root.output(['get', 'pvc']),
      /^NAME +TYPE +RECLAIM .*\ndata +directory +Retain +container\/db .*\nram +tmpfs/,
    );
    const gone = await root.output(['delete', '-f', path.join(root.directory, 'v.yaml')]);
    assert.match(gone, 'volume/data  released: its data is kept; remove it with: tsctr volume remove data');
    assert.is(readFileSync(path.join(root.root, 'volumes/data/_data/x'), 'utf8'), 'kept\n');
    assert.is(
      await root.output(['volume', 'prune']),
      'volume/data  removed\nvolume/ram  removed\n2 removed\n',
    );
  });
});

test('[volume.busy] a declared volume is not deleted while a container uses it, nor is anything else then', async () => {
  await withRoot(async (root) => {
    const volumes = await root.write('v.yaml', text(volume('data', { reclaimPolicy: 'Delete' })));
    const users = await root.write('c.yaml', text(user(root, ['data'])));
    await root.output(['apply', '-f', volumes, '-f', users, '--wait']);
    for (const words of [['volume/data'], ['pvc', 'data'], ['-f', volumes]]) {
      const refused = await root.tsctr(['delete', ...words]);
      assert.is(refused.exitCode, 1);
      assert.match(refused.stderr, 'data: container/db uses it; delete that first');
    }
    assert.is(await root.output(['volume', 'prune']), '0 removed\n');
    const other = await root.tsctr([
      'apply',
      '-f',
      await root.write('v.yaml', text(volume('data', { type: 'tmpfs' }))),
    ]);
    assert.is(other.exitCode, 2);
    assert.match(other.stderr, 'create volume data: it exists with type (none), asked for tmpfs');
    assert.is(readFileSync(path.join(root.root, 'volumes/data/_data/x'), 'utf8'), 'kept\n');
    await root.output(['delete', '-f', users, '-f', volumes]);
    assert.not(existsSync(path.join(root.root, 'volumes/data')), 'the container and, after it, its volume');
  });
});

test('a followed directory: a volume with policy Delete goes after its last user, others stay', async () => {
  await withRoot(async (root) => {
    const daemon = root.start(['daemon', '--manifests', root.manifests]);
    try {
      const file = 'manifests/all.yaml';
      const rest = text(user(root, ['data', 'keep']), volume('keep'));
      await root.write(file, `${rest}\n---\n${text(volume('data', { reclaimPolicy: 'Delete' }))}`);
      const data = path.join(root.root, 'volumes/data/_data/x');
      await until(() => existsSync(data), { what: 'the container has written', timeoutMs: 60_000 });
      const refused = await root.tsctr(['volume', 'remove', 'keep']);
      assert.match(refused.stderr, 'container/db uses it');
      await root.write(file, rest);
      await until(
        async () => /data .* goes when nothing uses it/.test(await root.output(['get', 'volumes'])),
        { what: 'the volume is to go', timeoutMs: 60_000 },
      );
      assert.ok(existsSync(data), 'the container still has it');
      await root.write(file, text(volume('keep')));
      await until(() => !existsSync(path.join(root.root, 'volumes/data')), {
        what: 'the volume is gone',
        timeoutMs: 60_000,
      });
      const followed = await root.tsctr(['volume', 'remove', 'keep']);
      assert.match(followed.stderr, 'remove volume keep: it belongs to directory');
      assert.is(readFileSync(path.join(root.root, 'volumes/keep/_data/x'), 'utf8'), 'kept\n');
    } finally {
      await daemon.end('SIGTERM', 60_000);
    }
  });
});

test.run();
