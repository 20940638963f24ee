import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkSet, declaredVolume, isStorageUnenforced, loadManifests } from '../../../schemas/index.ts';
import type { DeclaredVolume } from '../../../schemas/index.ts';

const OWNER = { source: 'apply', file: '/v.yaml' } as const;

function declare(text: string): DeclaredVolume {
  const { manifests, problems } = loadManifests(text, 'v.yaml');
  assert.equal(
    problems.map(({ message }) => message),
    [],
  );
  const manifest = manifests[0]?.manifest;
  if (manifest?.kind !== 'Volume' && manifest?.kind !== 'PersistentVolumeClaim')
    throw new Error('expected a volume');
  return declaredVolume(manifest, OWNER);
}

function refused(text: string): string[] {
  const { manifests, problems } = loadManifests(text, 'v.yaml');
  return [...problems, ...checkSet(manifests)].map(
    ({ line, column, field, message }) => `${String(line)}:${String(column)} ${field}: ${message}`,
  );
}

const volume = (rest: string): string =>
  `apiVersion: tsctr.dev/v1\nkind: Volume\nmetadata: { name: data }\n${rest}`;
const claim = (annotations: string, rest = ''): string =>
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data, annotations: {${annotations}} }\n${rest}`;

test('[volume.named] a Volume without a spec is a directory, kept when its manifest goes', () => {
  assert.equal(declare(volume('')), {
    name: 'data',
    labels: {},
    options: {},
    declaration: { kind: 'Volume', owner: OWNER, reclaimPolicy: 'Retain', storageBytes: null },
  });
});

test('[volume.named] a Volume and a claim say the same in their own words', () => {
  const one = declare(
    volume('spec: { type: ext4, device: /dev/vdb, o: noatime, storage: 1Gi, reclaimPolicy: Delete }'),
  );
  const other = declare(
    claim(
      'volume.podman.io/type: ext4, volume.podman.io/device: /dev/vdb, volume.podman.io/mount-options: noatime, volume.podman.io/driver: local, tsctr.dev/reclaim-policy: Delete',
      'spec: { accessModes: [ReadWriteMany], storageClassName: fast, volumeMode: Filesystem, resources: { requests: { storage: 1Gi } } }',
    ),
  );
  assert.equal(one.options, { type: 'ext4', device: '/dev/vdb', o: 'noatime' });
  assert.equal(other.options, one.options);
  assert.is(one.declaration.storageBytes, 2 ** 30);
  assert.equal({ ...other.declaration, kind: 'Volume' }, one.declaration);
});

test('[volume.named] the space asked for is the size of a tmpfs, unless its options say one; elsewhere it is noted only', () => {
  const memory = declare(volume('spec: { type: tmpfs, o: uid=5, storage: 16Mi }'));
  assert.is(memory.options.o, 'uid=5,size=16777216');
  assert.is(isStorageUnenforced(memory.options, memory.declaration), false);
  assert.is(declare(volume('spec: { type: tmpfs, o: size=1m, storage: 16Mi }')).options.o, 'size=1m');
  const directory = declare(volume('spec: { storage: 16Mi }'));
  assert.equal(directory.options, {});
  assert.is(isStorageUnenforced(directory.options, directory.declaration), true);
  assert.is(isStorageUnenforced({}, declare(volume('')).declaration), false);
});

test('what a volume cannot be is refused with its place', () => {
  assert.equal(refused(volume('spec: { type: ext4 }')), [
    '4:15 spec.type: a file system of type ext4 needs a device',
  ]);
  assert.equal(refused(volume('spec: { o: size=1m }')), [
    '4:12 spec.o: mount options need a type or a device',
  ]);
  assert.equal(refused(volume('spec: { type: none, device: data }')), [
    '4:29 spec.device: expected the absolute path of a directory, found "data"',
  ]);
  assert.equal(refused(claim('volume.podman.io/uid: "3"')), [
    '3:61 metadata.annotations[volume.podman.io/uid]: not supported: say it in `volume.podman.io/mount-options`, as `uid=…`',
  ]);
  assert.equal(refused(claim('volume.podman.io/driver: image')), [
    '3:64 metadata.annotations[volume.podman.io/driver]: the only driver is `local`',
  ]);
  assert.equal(refused(claim('tsctr.dev/reclaim-policy: Recycle')), [
    '3:65 metadata.annotations[tsctr.dev/reclaim-policy]: expected Retain or Delete, found "Recycle"',
  ]);
  assert.equal(refused(claim('', 'spec: { volumeName: pv1, volumeMode: Block }')), [
    '4:9 spec.volumeName: not supported yet: remove it',
    '4:38 spec.volumeMode: expected Filesystem, found "Block"',
  ]);
});

test('a claim and a Volume of one name are the same volume, so they cannot stand together', () => {
  assert.equal(refused(`${volume('')}---\n${claim('')}`), [
    '7:19 metadata.name: PersistentVolumeClaim `data` stands a second time, the first is in v.yaml:1',
  ]);
});

test.run();
