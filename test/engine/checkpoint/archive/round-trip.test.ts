import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
  mkdirSync,
  truncateSync,
  linkSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatPublicKey, signDigest } from '../../../../engine/checkpoint/archive/archive-signature.ts';
import { detectCompression } from '../../../../engine/checkpoint/archive/compression.ts';
import { exportArchive } from '../../../../engine/checkpoint/archive/export-archive.ts';
import type { ExportRequest } from '../../../../engine/checkpoint/archive/export-archive.ts';
import { importArchive } from '../../../../engine/checkpoint/archive/import-archive.ts';
import { readCheckpointRecord } from '../../../../engine/checkpoint/kept/checkpoint-record.ts';
import { inspectCheckpoint } from '../../../../engine/checkpoint/inspect/inspect-checkpoint.ts';
import { createLinuxKernel } from '../../../../native/index.ts';
import type { OciSpec } from '../../../../schemas/index.ts';
import { requirePlace } from '../../../../engine/checkpoint/archive/require-place.ts';
import { explainFailure } from '../../../../reconciler/pass/failure.ts';
import { environment } from '../../../support/checkpoint-environment.ts';
import { PODMAN_ARCHIVE, SAMPLES } from '../../../support/checkpoint-sample.ts';
import { missingForAttributes, withAttribute } from '../../../support/file-attributes.ts';
import { rejectionOf } from '../../../support/rejection.ts';
import { withDirectory } from '../../../support/scratch-directory.ts';
import { testUnless } from '../../../support/skip.ts';

const kernel = createLinuxKernel();
const operation = 'test';

function exportOf(directory: string, checkpoint: string, change: Partial<ExportRequest> = {}): ExportRequest {
  const spec = JSON.parse(readFileSync(path.join(SAMPLES, 'podman-spec.dump.json'), 'utf8')) as OciSpec;
  return {
    operation,
    checkpoint,
    file: path.join(directory, 'out.tar'),
    container: {
      id: 'a'.repeat(64),
      name: 'web',
      image: { reference: 'localhost/demo:1', id: `sha256:${'b'.repeat(64)}` },
      runtime: 'runc',
      createdAt: '2026-01-01T00:00:00Z',
      networks: { podman: { device: 'eth0', address: '10.88.0.9' } },
      ports: [{ hostIP: '', hostPort: 8080, containerPort: 80, protocol: 'TCP' }],
      stopSignal: 15,
      stopTimeoutSeconds: 10,
      shmBytes: 65_536_000,
      volumes: [{ name: 'data', destination: '/data', options: ['rw', 'rbind'] }],
    },
    spec,
    environment: environment(),
    networkStatus: null,
    log: null,
    rootfs: null,
    volumes: {},
    ...change,
  };
}

async function imported(directory: string): Promise<string> {
  const target = path.join(directory, 'checkpoint');
  await importArchive(kernel, { operation, archive: PODMAN_ARCHIVE, target });
  return target;
}

test("podman's archive becomes a directory laid out as a kept checkpoint, with a record made of its images", () =>
  withDirectory(async (directory) => {
    const target = path.join(directory, 'checkpoint');
    const { ignored, record } = await importArchive(kernel, { operation, archive: PODMAN_ARCHIVE, target });
    assert.equal(ignored, []);
    assert.equal(await readCheckpointRecord(target), JSON.parse(JSON.stringify(record)));
    assert.is(record.networkNamespace, 'extRootNetNS');
    assert.is(record.imageId, 'sha256:118baca372d1d2ba137145072088cfb2b84dcdccbb4ef701389093e8608eef01');
    assert.ok(record.externalMounts.some(({ key, val }) => key === '/data' && val === '/data'));
    assert.equal(record.allowances, {});
    assert.ok((record.statistics?.pages_written ?? 0) > 0);
    assert.is(statSync(path.join(target, 'images/pages-1.img')).size, 77_824);
    assert.is(statSync(path.join(target, 'images/pages-1.img')).mode & 0o777, 0o600);
    assert.ok(existsSync(path.join(target, 'volumes/ifc-cv.tar')));
    assert.not(existsSync(path.join(target, 'empty-dirs')));
    assert.not(existsSync(`${target}.importing`));
  }));

for (const compression of ['zstd', 'gzip', 'none'] as const) {
  test(`[ckpt.export] an archive with ${compression} has mode 0600, comes back the same, and leaves nothing beside it`, () =>
    withDirectory(async (directory) => {
      const checkpoint = await imported(directory);
      const out = path.join(directory, 'out');
      mkdirSync(out);
      const file = path.join(out, 'c.tar');
      const progress: [number, number][] = [];
      const onProgress = (done: number, total: number): void => void progress.push([done, total]);
      const result = await exportArchive(
        kernel,
        exportOf(out, checkpoint, { file, compression, onProgress }),
      );
      assert.equal(readdirSync(out), ['c.tar']);
      assert.is(statSync(file).mode & 0o777, 0o600);
      assert.is(detectCompression(readFileSync(file).subarray(0, 10)), compression);
      assert.is(result.bytes, statSync(file).size);
      assert.equal(progress.at(-1)?.[0], progress.at(-1)?.[1]);
      const before = await inspectCheckpoint(kernel, checkpoint);
      const after = await inspectCheckpoint(kernel, file);
      assert.equal(after.processes, before.processes);
      assert.equal(after.statistics, before.statistics);
      assert.is(after.sizes.memoryPages, before.sizes.memoryPages);
      assert.is(after.engine, 'tsctr');
      const again = path.join(directory, 'again');
      await importArchive(kernel, { operation, archive: file, target: again });
      const images = (of: string) => readdirSync(path.join(of, 'images')).sort();
      assert.equal(images(again), images(checkpoint));
      for (const name of images(again)) {
        const bytes = (of: string) => readFileSync(path.join(of, 'images', name));
        assert.ok(bytes(again).equals(bytes(checkpoint)), name);
      }
    }));
}

test('[ckpt.export] GNU tar reads it, and finds the members that podman needs under their names', () =>
  withDirectory(async (directory) => {
    const checkpoint = await imported(directory);
    const log = path.join(directory, 'log');
    writeFileSync(log, 'a line\n');
    const data = path.join(directory, 'data');
    mkdirSync(data);
    writeFileSync(path.join(data, 'kept'), 'content');
    const { file } = await exportArchive(kernel, exportOf(directory, checkpoint, { log, volumes: { data } }));
    const names = execFileSync('tar', ['--list', '--zstd', '--file', file]).toString().split('\n');
    for (const name of [
      'config.dump',
      'spec.dump',
      'network.status',
      'artifacts/',
      'checkpoint/',
      'checkpoint/inventory.img',
      'checkpoint/descriptors.json',
      'stats-dump',
      'ctr.log',
      'devshm-checkpoint.tar',
      'volumes/data.tar',
    ]) {
      assert.ok(names.includes(name), name);
    }
    const config = JSON.parse(
      execFileSync('tar', ['-xO', '--zstd', '-f', file, 'config.dump']).toString(),
    ) as Record<string, unknown>;
    assert.is(config['rootfsImageID'], 'b'.repeat(64));
    assert.is(config['createNetNS'], true);
    assert.equal(config['newNetworks'], { podman: { interface_name: 'eth0', static_ips: ['10.88.0.9'] } });
    assert.equal(config['newPortMappings'], [
      { host_ip: '', host_port: 8080, container_port: 80, range: 1, protocol: 'tcp' },
    ]);
    const spec = execFileSync('tar', ['-xO', '--zstd', '-f', file, 'spec.dump']).toString();
    assert.match(spec, '"source":"/var/lib/containers/storage/volumes/data/_data"');
    const volume = path.join(directory, 'volume.tar');
    writeFileSync(volume, execFileSync('tar', ['-xO', '--zstd', '-f', file, 'volumes/data.tar']));
    assert.equal(execFileSync('tar', ['-tf', volume]).toString().trim().split('\n'), ['./', './kept']);
  }));

test('[ckpt.export] all that was changed is stored, with names, links and attributes', () =>
  withDirectory(async (directory) => {
    const checkpoint = await imported(directory);
    const upper = path.join(directory, 'upper');
    mkdirSync(path.join(upper, 'app'), { recursive: true });
    writeFileSync(path.join(upper, 'app/config'), 'changed');
    linkSync(path.join(upper, 'app/config'), path.join(upper, 'app/again'));
    symlinkSync('config', path.join(upper, 'app/link'));
    const long = `${'é'.repeat(80)}-${'x'.repeat(60)}`;
    writeFileSync(path.join(upper, 'app', long), '');
    truncateSync(path.join(upper, 'app', long), 70_000);
    const changes = [
      { kind: 'changed' as const, path: '/app' },
      { kind: 'changed' as const, path: '/app/config' },
      { kind: 'added' as const, path: '/app/again' },
      { kind: 'added' as const, path: '/app/link' },
      { kind: 'added' as const, path: `/app/${long}` },
      { kind: 'added' as const, path: '/etc/hosts' },
      { kind: 'added' as const, path: '/gone-meanwhile' },
      { kind: 'deleted' as const, path: '/usr/share/doc' },
    ];
    const request = exportOf(directory, checkpoint, {
      rootfs: { directory: upper, changes },
      compression: 'none',
    });
    const { file } = await exportArchive(kernel, request);
    const inner = path.join(directory, 'diff.tar');
    writeFileSync(inner, execFileSync('tar', ['-xO', '-f', file, 'rootfs-diff.tar']));
    const unpacked = path.join(directory, 'unpacked');
    mkdirSync(unpacked);
    execFileSync('tar', ['-xf', inner, '-C', unpacked, '--no-same-owner']);
    assert.equal(readdirSync(path.join(unpacked, 'app')).sort(), ['again', 'config', 'link', long].sort());
    assert.is(readFileSync(path.join(unpacked, 'app/config'), 'utf8'), 'changed');
    assert.is(
      statSync(path.join(unpacked, 'app/again')).ino,
      statSync(path.join(unpacked, 'app/config')).ino,
    );
    assert.is(statSync(path.join(unpacked, 'app', long)).size, 70_000);
    assert.not(existsSync(path.join(unpacked, 'etc')));
    const inspection = await inspectCheckpoint(kernel, file);
    assert.equal(inspection.deletedFiles, ['/usr/share/doc']);
    assert.is(inspection.rootfsChanges.count, 5);
  }));

test('whoever asks who has signed an archive is told, and it is the same archive for whoever does not', () =>
  withDirectory(async (directory) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const request = exportOf(directory, await imported(directory), {
      signer: { sign: (digest) => signDigest(privateKey, digest) },
    });
    const { file: archive } = await exportArchive(kernel, request);
    const signers: unknown[] = [];
    for (const signer of ['find', 'unasked'] as const) {
      const target = path.join(directory, signer);
      signers.push((await importArchive(kernel, { operation, archive, target, signer })).signer);
    }
    assert.equal(signers, [formatPublicKey(publicKey), null]);
    const filesOf = (name: string) => readdirSync(path.join(directory, name), { recursive: true }).sort();
    assert.equal(filesOf('unasked'), filesOf('find'));
  }));

test('[ckpt.ignore] without root filesystem and volumes there is nothing of them in it', () =>
  withDirectory(async (directory) => {
    const { file } = await exportArchive(kernel, exportOf(directory, await imported(directory)));
    const { sizes, rootfsChanges, deletedFiles } = await inspectCheckpoint(kernel, file);
    assert.equal([sizes.rootfsDiff, rootfsChanges.count, deletedFiles.length], [0, 0, 0]);
    assert.equal(sizes.volumes, {});
  }));

test('[ckpt.export] an archive that fails, or is given up, leaves what was there before, and nothing else', () =>
  withDirectory(async (directory) => {
    const checkpoint = await imported(directory);
    const out = path.join(directory, 'out');
    mkdirSync(out);
    const file = path.join(out, 'c.tar');
    writeFileSync(file, 'before');
    for (const compression of ['zstd', 'gzip', 'none'] as const) {
      const controller = new AbortController();
      const onProgress = (): void => {
        controller.abort();
      };
      const request = exportOf(out, checkpoint, { file, compression, onProgress, signal: controller.signal });
      assert.is((await rejectionOf(exportArchive(kernel, request))).code, 'ABORTED');
      assert.equal(readdirSync(out), ['c.tar']);
      assert.is(readFileSync(file, 'utf8'), 'before');
    }
  }));

testUnless(test, await missingForAttributes())(
  '[ckpt.export] a file that cannot be replaced is told as such, as soon as it shows, and stays as it is',
  () =>
    withDirectory(async (directory) => {
      const checkpoint = await imported(directory);
      const out = path.join(directory, 'out');
      mkdirSync(out);
      const file = path.join(out, 'c.tar');
      writeFileSync(file, 'before');
      for (const attribute of ['i', 'a'] as const) {
        await withAttribute(file, attribute, async () => {
          const error = await rejectionOf(exportArchive(kernel, exportOf(out, checkpoint, { file })));
          assert.is(error.code, 'BAD_REQUEST');
          assert.is(
            error.message,
            `test: write ${file}: expected a file that can be replaced, found one that is immutable, or may only be appended to`,
          );
          assert.ok(explainFailure(error).includes(`; take that away with: chattr -ia ${file}`));
          assert.equal(readdirSync(out), ['c.tar']);
          assert.is(readFileSync(file, 'utf8'), 'before');
        });
      }
      await requirePlace(file, operation);
      await withAttribute(file, 'i', async () => {
        assert.match(
          (await rejectionOf(requirePlace(file, operation))).message,
          /found one that is immutable/,
        );
      });
      await withAttribute(out, 'i', async () => {
        assert.is(
          (await rejectionOf(requirePlace(file, operation))).message,
          `test: write ${file}: expected a directory that can be written to at ${out}, found an immutable one`,
        );
      });
    }),
);

test('[ckpt.export] disk space is checked before', () =>
  withDirectory(async (directory) => {
    const checkpoint = await imported(directory);
    const full = { ...kernel, statfs: () => ({ type: 0, freeBytes: 1000n, totalBytes: 1000n }) };
    const error = await rejectionOf(exportArchive(full, exportOf(directory, checkpoint)));
    assert.is(error.code, 'NO_SPACE');
    assert.match(error.message, /MiB/);
    assert.not(existsSync(path.join(directory, 'out.tar')));
    const target = path.join(directory, 'other');
    const importing = importArchive(full, { operation, archive: PODMAN_ARCHIVE, target });
    assert.is((await rejectionOf(importing)).code, 'NO_SPACE');
  }));

test('[restore.complete] what is no complete checkpoint is not exported', () =>
  withDirectory(async (directory) => {
    const checkpoint = path.join(directory, 'empty');
    mkdirSync(checkpoint);
    const error = await rejectionOf(exportArchive(kernel, exportOf(directory, checkpoint)));
    assert.is(error.code, 'CHECKPOINT_INCOMPLETE');
  }));

test.run();
