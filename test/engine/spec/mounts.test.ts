import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSpec } from '../../../engine/spec/build-spec.ts';
import { propagationOption } from '../../../engine/spec/bind-mount.ts';
import { replacedFiles } from '../../../engine/spec/mounts.ts';
import type { OciMount } from '../../../schemas/index.ts';
import { specInput, validSpec, type SpecCase } from '../../support/spec-input.ts';
import { assertRefused } from '../../support/throws.ts';

function volume(
  containerPath: string,
  options: string[] = [],
): {
  containerPath: string;
  hostPath: string;
  readOnly: boolean;
  options: string[];
} {
  return { containerPath, hostPath: `/srv${containerPath}`, readOnly: false, options };
}

function mountAt(specCase: SpecCase, destination: string): OciMount | undefined {
  return validSpec(specCase).mounts.find((mount) => mount.destination === destination);
}

test('[spec.mount-order] no mount covers an earlier one, whatever order they were asked for in', () => {
  const volumes = ['/a/b/c', '/run', '/a', '/dev/shm/x', '/a/b'].map((path) => volume(path));
  const { mounts } = validSpec({ spec: { tmpfs: [{ mountPath: '/a/b/c/d' }] }, input: { volumes } });
  const seen: string[] = [];
  for (const { destination } of mounts) {
    const covered = seen.filter((earlier) => earlier.startsWith(`${destination}/`));
    assert.equal(covered, [], `${destination} covers`);
    seen.push(destination);
  }
  assert.ok(seen.includes('/a/b/c/d'));
});

test('[spec.mount-order] two mounts at one place are refused, however the place is written', () => {
  const run = (volumes: ReturnType<typeof volume>[]): unknown => buildSpec(specInput({ input: { volumes } }));
  assertRefused(() => run([volume('/data'), volume('/data')]), 'BAD_REQUEST', '/data', 'two mounts');
  assertRefused(() => run([volume('/data/'), volume('/x/../data')]), 'BAD_REQUEST', '/data');
  const spec = { tmpfs: [{ mountPath: '/data' }] };
  const both = specInput({ spec, input: { volumes: [volume('/data')] } });
  assertRefused(() => buildSpec(both), 'BAD_REQUEST', '/data');
});

test('[spec.mount-order] a mount over the root is refused', () => {
  const input = { volumes: [volume('/')] };
  assertRefused(() => buildSpec(specInput({ input })), 'BAD_REQUEST', 'below the root');
  const hidden = { volumes: [volume('/a/..')] };
  assertRefused(() => buildSpec(specInput({ input: hidden })), 'BAD_REQUEST', 'below the root');
});

test('[files.user-wins] a mount of the manifest takes the place of what the engine provides, and is told', () => {
  const specCase = { input: { volumes: [volume('/etc/hosts'), volume('/dev/shm')] } };
  assert.is(mountAt(specCase, '/etc/hosts')?.source, '/srv/etc/hosts');
  assert.is(mountAt(specCase, '/dev/shm')?.source, '/srv/dev/shm');
  assert.equal(replacedFiles(specInput(specCase)).sort(), ['/dev/shm', '/etc/hosts']);
});

test('[files.user-wins] a volume at /dev brings its own devices, one at /proc its own proc', () => {
  const { mounts } = validSpec({ input: { volumes: [volume('/dev'), volume('/proc')] } });
  assert.equal(
    mounts
      .map(({ destination }) => destination)
      .filter((path) => path.startsWith('/dev') || path === '/proc'),
    ['/dev', '/proc'],
  );
});

test('[files.containerenv] is there, also on the tmpfs of a read-only container, but not in a volume at /run', () => {
  const path = '/run/.containerenv';
  assert.is(mountAt({}, path)?.type, 'bind');
  assert.is(mountAt({ spec: { securityContext: { readOnlyRootFilesystem: true } } }, path)?.type, 'bind');
  assert.is(mountAt({ input: { volumes: [volume('/run')] } }, path), undefined);
});

test('[files.readonly] provided files of a read-only container are ro, nosuid, noexec, nodev; /dev/shm stays rw', () => {
  const specCase = { spec: { securityContext: { readOnlyRootFilesystem: true } } };
  for (const path of ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']) {
    assert.equal(mountAt(specCase, path)?.options, ['bind', 'rprivate', 'ro', 'nosuid', 'noexec', 'nodev']);
  }
  assert.equal(mountAt(specCase, '/dev/shm')?.options, ['bind', 'rprivate', 'nosuid', 'noexec', 'nodev']);
  assert.is(validSpec(specCase).root.readonly, true);
});

test('[spec.security] a read-only root has tmpfs on /run, /tmp and /var/tmp, unless turned off or mounted', () => {
  const securityContext = { readOnlyRootFilesystem: true };
  const places = ['/run', '/tmp', '/var/tmp'];
  for (const place of places) assert.is(mountAt({ spec: { securityContext } }, place)?.type, 'tmpfs');
  const off = { spec: { securityContext, readOnlyTmpfs: false } };
  for (const place of places) assert.is(mountAt(off, place), undefined);
  const own = { spec: { securityContext }, input: { volumes: [volume('/tmp')] } };
  assert.is(mountAt(own, '/tmp')?.source, '/srv/tmp');
});

test('[spec.propagation] the root follows its mounts: shared before slave before the default', () => {
  const propagation = (...options: string[]): string | undefined =>
    validSpec({ input: { volumes: options.map((option, index) => volume(`/v${index}`, [option])) } }).linux
      .rootfsPropagation;
  assert.is(propagation('rprivate'), undefined);
  assert.is(propagation('rprivate', 'rslave'), 'rslave');
  assert.is(propagation('rslave', 'rshared'), 'shared');
});

test('[spec.propagation] the words of Kubernetes are those of mount(8)', () => {
  assert.equal((['None', 'HostToContainer', 'Bidirectional', undefined] as const).map(propagationOption), [
    'rprivate',
    'rslave',
    'rshared',
    'rprivate',
  ]);
});

test('tmpfs options of the manifest stand against the defaults that contradict them', () => {
  const tmpfs = [{ mountPath: '/t', options: ['ro', 'suid', 'size=1m', 'notmpcopyup'] }];
  assert.equal(mountAt({ spec: { tmpfs } }, '/t')?.options, ['ro', 'suid', 'size=1m', 'rprivate', 'nodev']);
});

test.run();
