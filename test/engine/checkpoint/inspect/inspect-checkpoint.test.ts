import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  inspectCheckpoint,
  inspectContents,
  openCheckpoint,
} from '../../../../engine/checkpoint/inspect/inspect-checkpoint.ts';
import { readDocuments } from '../../../../engine/checkpoint/inspect/checkpoint-documents.ts';
import { suggestManifest } from '../../../../engine/checkpoint/inspect/suggest-manifest.ts';
import type { Inspection } from '../../../../engine/checkpoint/inspect/inspection.ts';
import { createLinuxKernel } from '../../../../native/index.ts';
import { container } from '../../../../schemas/index.ts';
import { PODMAN_ARCHIVE, unpackSample } from '../../../support/checkpoint-sample.ts';
import { rejectionOf } from '../../../support/rejection.ts';
import { withDirectory } from '../../../support/scratch-directory.ts';

const kernel = createLinuxKernel();

/** What does not depend on where the checkpoint lies. */
function core(inspection: Inspection): unknown {
  return { ...inspection, path: '', layout: '', sizes: { ...inspection.sizes, total: 0 } };
}

test("podman's archive is looked into without being restored", async () => {
  const inspection = await inspectCheckpoint(kernel, PODMAN_ARCHIVE);
  assert.is(inspection.engine, 'podman');
  assert.is(inspection.container.runtime, 'runc');
  assert.equal(
    inspection.container.addresses.map(({ address }) => address),
    ['10.88.0.32/16'],
  );
  const [shell] = inspection.processes;
  assert.equal(shell?.commandLine?.slice(0, 2), ['/bin/sh', '-c']);
  assert.equal(
    shell?.children.map(({ commandLine }) => commandLine),
    [['sleep', '1']],
  );
  assert.is(shell?.executable, '/bin/busybox');
  assert.is(shell?.memory.saved, 77_824);
  assert.equal(
    shell?.openFiles.map(({ fd, type }) => [fd, type]),
    [
      [0, 'REG'],
      [1, 'PIPE'],
      [2, 'PIPE'],
    ],
  );
  assert.is(inspection.sizes.memoryPages, 77_824 + 61_440);
  // The container is older than its checkpoint.
  assert.is(inspection.madeAt, '2026-11-22T13:49:48.000Z');
  assert.is(inspection.container.createdAt, '2026-11-22T13:49:45.757343147Z');
  assert.is(inspection.mounts.find(({ destination }) => destination === '/data')?.external, '/data');
  assert.equal(inspection.deletedFiles, ['/etc/group']);
  assert.ok(
    inspection.rootfsChanges.first.some((change) => change.path === '/newdir/l' && change.type === 'symlink'),
  );
  assert.ok((inspection.statistics?.['pages_written'] ?? 0) > 0);
  assert.equal(inspection.needs, {
    tcpEstablished: false,
    fileLocks: false,
    externalUnixSockets: false,
    terminal: false,
  });
});

test('values of variables are told on request only', async () => {
  const [without] = (await inspectCheckpoint(kernel, PODMAN_ARCHIVE)).processes;
  assert.ok(without?.environmentKeys?.includes('PATH'));
  assert.is(without?.environment, undefined);
  assert.not.match(JSON.stringify(without), '/usr/local/sbin');
  const [asked] = (await inspectCheckpoint(kernel, PODMAN_ARCHIVE, { environmentValues: true })).processes;
  assert.is(asked?.environment?.['HOME'], '/root');
});

test('the same checkpoint as archive, unpacked, and laid out as a kept one tells the same', () =>
  withDirectory(async (directory) => {
    const fromArchive = core(await inspectCheckpoint(kernel, PODMAN_ARCHIVE));
    const sample = unpackSample(directory);
    assert.equal(core(await inspectCheckpoint(kernel, sample)), fromArchive);
    renameSync(path.join(sample, 'checkpoint'), path.join(sample, 'images'));
    assert.equal(core(await inspectCheckpoint(kernel, sample)), fromArchive);
  }));

test('[restore.complete] without an inventory there is no checkpoint', () =>
  withDirectory(async (directory) => {
    const sample = unpackSample(directory);
    rmSync(path.join(sample, 'checkpoint/inventory.img'));
    const error = await rejectionOf(inspectCheckpoint(kernel, sample));
    assert.is(error.code, 'CHECKPOINT_INCOMPLETE');
    assert.match(error.message, /a complete checkpoint cannot be found/);
    const empty = path.join(directory, 'empty');
    mkdirSync(empty);
    assert.is((await rejectionOf(inspectCheckpoint(kernel, empty))).code, 'CHECKPOINT_INCOMPLETE');
    const missing = path.join(empty, 'missing');
    const { code, message } = await rejectionOf(inspectCheckpoint(kernel, missing));
    assert.equal(
      [code, message],
      ['BAD_REQUEST', `inspect checkpoint ${missing}: no such file or directory`],
    );
  }));

test('damaged documents and images are told by their names', () =>
  withDirectory(async (directory) => {
    const sample = unpackSample(directory);
    writeFileSync(path.join(sample, 'config.dump'), '{"id": 7}');
    assert.match((await rejectionOf(inspectCheckpoint(kernel, sample))).message, /config\.dump .*id:/);
    rmSync(path.join(sample, 'config.dump'));
    writeFileSync(path.join(sample, 'checkpoint/mm-1.img'), 'nonsense');
    const error = await rejectionOf(inspectCheckpoint(kernel, sample));
    assert.is(error.code, 'CHECKPOINT_INVALID');
    assert.match(error.message, /"mm-1\.img" at byte 0/);
  }));

test('a manifest that fits is valid, and leaves what reaches out to the host to its reader', async () => {
  const contents = await openCheckpoint(kernel, PODMAN_ARCHIVE);
  const documents = await readDocuments(contents);
  const { manifest, remarks } = suggestManifest(await inspectContents(contents), documents);
  assert.is(manifest.metadata.name, 'ifc-c1');
  assert.is(manifest.spec['image'], 'localhost/ifc-bb:latest');
  assert.equal(manifest.spec['ports'], [{ containerPort: 8080, hostPort: 18_090 }]);
  assert.equal(manifest.spec['tmpfs'], [{ mountPath: '/tt' }]);
  assert.is(container.safeParse(manifest).error?.message, undefined);
  assert.ok(remarks.some((remark) => remark.includes('ifc-cv')));

  const hostile = structuredClone(documents);
  hostile.spec?.mounts?.push({ destination: '/host', type: 'bind', source: '/etc', options: ['rbind'] });
  if (hostile.config !== null) hostile.config.privileged = true;
  const careful = suggestManifest(await inspectContents(contents), hostile);
  assert.not.match(JSON.stringify(careful.manifest), '/etc"');
  assert.not.match(JSON.stringify(careful.manifest), 'privileged');
  assert.is(container.safeParse(careful.manifest).error?.message, undefined);
});

test.run();
