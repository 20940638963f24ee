import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CheckpointImages, decodeStatistics } from '../../../../engine/criu/image/checkpoint-images.ts';
import { openImageDirectory } from '../../../../engine/criu/image/directory-images.ts';
import { podmanStatistics } from '../../../../engine/criu/image/podman-statistics.ts';
import { describeInetSocket, describeUnixSocket } from '../../../../engine/criu/image/socket-address.ts';
import { SAMPLES, unpackSample } from '../../../support/checkpoint-sample.ts';
import { withDirectory } from '../../../support/scratch-directory.ts';

interface Decoded {
  entries: Record<string, unknown>[];
}

/** What CRIU's own tool made of the same images. */
function decodedByCrit(name: string): Decoded {
  return JSON.parse(readFileSync(path.join(SAMPLES, `crit-${name}.json`), 'utf8')) as Decoded;
}

function withSample(body: (images: CheckpointImages) => Promise<void>): Promise<void> {
  return withDirectory(async (directory) => {
    const images = path.join(unpackSample(directory), 'checkpoint');
    await body(new CheckpointImages(await openImageDirectory(images)));
  });
}

test('the inventory says what crit says of it', () =>
  withSample(async (images) => {
    const [crit] = decodedByCrit('inventory').entries;
    const inventory = await images.inventory();
    assert.is(inventory.img_version, 2);
    assert.is(inventory.dump_criu_run_id, crit?.['dump_criu_run_id']);
    assert.equal(inventory.root_ids, crit?.['root_ids']);
    assert.is(inventory.lsmtype, 'NO_LSM');
  }));

test('the process tree has the pids that crit finds', () =>
  withSample(async (images) => {
    const pick = ({ pid, ppid, pgid, sid }: Record<string, unknown>) => ({ pid, ppid, pgid, sid });
    const found = (await images.processes()).map((entry) => pick({ ...entry }));
    assert.equal(found, decodedByCrit('pstree').entries.map(pick));
  }));

test('open files, descriptors and working directory are those that crit finds', () =>
  withSample(async (images) => {
    const files = await images.files();
    const names = decodedByCrit('files').entries.map((entry) => [
      entry['id'],
      entry['type'],
      (entry['reg'] as { name: string } | undefined)?.name ?? null,
    ]);
    assert.equal(
      [...files.values()].map(({ id, type, reg }) => [id, type, reg?.name ?? null]),
      names,
    );
    assert.equal(await images.descriptors(2), decodedByCrit('fdinfo-2').entries);
    assert.equal(await images.fs(1), decodedByCrit('fs-1').entries[0]);
    assert.equal(await images.ids(1), decodedByCrit('ids-1').entries[0]);
  }));

test('mounts have the places, kinds and keys that crit finds', () =>
  withSample(async (images) => {
    const pick = (entry: Record<string, unknown>) => [
      entry['mountpoint'],
      entry['mnt_id'],
      entry['ext_key'] ?? null,
    ];
    const found = await images.mounts();
    assert.equal(
      found.map((entry) => pick({ ...entry })),
      decodedByCrit('mountpoints-13').entries.map(pick),
    );
    assert.is(found.find(({ mountpoint }) => mountpoint === '/')?.fstype, 'OVERLAYFS');
  }));

test('the mappings of a process are those that crit finds', () =>
  withSample(async (images) => {
    const [crit] = decodedByCrit('mm-1').entries;
    const mm = await images.mm(1);
    assert.is(mm?.mm_arg_start, Number(crit?.['mm_arg_start']));
    const vmas = crit?.['vmas'] as { start: string; end: string }[];
    assert.equal(
      mm?.vmas.map(({ start, end }) => [start, end]),
      vmas.map(({ start, end }) => [Number(start), Number(end)]),
    );
  }));

test('names of host, processes and networks are found', () =>
  withSample(async (images) => {
    assert.type((await images.utsNamespace())?.names.nodename, 'string');
    assert.is((await images.core(1)).tc?.comm, 'sh');
    assert.equal(await images.externalNetworks(), ['extRootNetNS']);
    assert.not(images.hasEstablishedTcp());
    assert.ok(images.isComplete);
  }));

test('[ckpt.stats] statistics have the names and numbers that podman prints', () => {
  const bytes = readFileSync(path.join(SAMPLES, 'stats-dump.bin'));
  const statistics = podmanStatistics(decodeStatistics('stats-dump', bytes));
  assert.equal(Object.keys(statistics), [
    'freezing_time',
    'frozen_time',
    'memdump_time',
    'memwrite_time',
    'pages_scanned',
    'pages_written',
  ]);
  assert.ok(Object.values(statistics).every((value) => value > 0));
});

test('a restore that compared no pages has no such number', () => {
  const restore = { pages_compared: 0, pages_skipped_cow: 0, forking_time: 3, restore_time: 9 };
  assert.equal(podmanStatistics({ restore }), { forking_time: 3, restore_time: 9 });
});

test('addresses of sockets are written as people write them', () => {
  const socket = { id: 1, ino: 1, family: 2, type: 1, proto: 6, state: 10, src_port: 80, dst_port: 0 };
  const words = (...bytes: number[]) => [Buffer.from(bytes).readUInt32LE(0)];
  assert.equal(describeInetSocket({ ...socket, src_addr: words(10, 0, 0, 7), dst_addr: words(0, 0, 0, 0) }), {
    kind: 'tcp',
    local: '10.0.0.7:80',
    remote: null,
    state: 'listening',
  });
  const loopback = [0, 0, 0, 0x01000000];
  const six = { ...socket, family: 10, proto: 17, dst_port: 53, src_addr: loopback, dst_addr: loopback };
  assert.is(describeInetSocket(six).remote, '[::1]:53');
  const unix = { id: 1, ino: 1, type: 2, state: 7, uflags: 1, peer: 0, name: Buffer.from('\0log') };
  assert.equal(describeUnixSocket(unix), { kind: 'datagram', name: '@log', external: true, state: 'closed' });
});

test.run();
