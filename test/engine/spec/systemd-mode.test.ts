import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isSystemdContainer } from '../../../engine/spec/systemd-mode.ts';
import { specInput, validSpec, type SpecCase } from '../../support/spec-input.ts';

const ALWAYS: SpecCase = { spec: { systemd: 'always' } };
const PLACES = ['/run', '/run/lock', '/tmp', '/var/log/journal'];

function destinations(specCase: SpecCase): string[] {
  return validSpec(specCase).mounts.map(({ destination }) => destination);
}

test('[spec.systemd-mode] auto looks at the command, always and false do not', () => {
  const decide = (command: string[], systemd?: unknown): boolean =>
    isSystemdContainer(specInput({ spec: { command, ...(systemd !== undefined && { systemd }) } }));
  for (const program of ['/sbin/init', '/usr/sbin/init', '/lib/systemd/systemd']) {
    assert.ok(decide([program]), program);
    assert.ok(decide([program], 'auto'), program);
    assert.not(decide([program], false), program);
  }
  assert.not(decide(['/bin/sh', '/sbin/init']));
  assert.ok(decide(['/bin/sh'], 'always'));
});

test('[spec.systemd-mode] tmpfs where systemd writes, container_uuid, stop signal 37', () => {
  const { process, annotations } = validSpec(ALWAYS);
  assert.equal(
    PLACES.filter((place) => !destinations(ALWAYS).includes(place)),
    [],
  );
  assert.ok(process.env.includes('container_uuid=b8abd397dea8974096e563c78c587eb0'));
  assert.is(annotations['org.opencontainers.image.stopSignal'], '37');
  assert.equal(
    PLACES.filter((place) => destinations({}).includes(place)),
    [],
  );
});

test('[spec.systemd-mode] on v1 its own hierarchy is writable and the release agent masked; on v2 the whole mount', () => {
  assert.ok(destinations(ALWAYS).includes('/sys/fs/cgroup/systemd'));
  assert.ok(validSpec(ALWAYS).linux.maskedPaths?.includes('/sys/fs/cgroup/systemd/release_agent'));
  const v2 = validSpec({ ...ALWAYS, host: { cgroups: 'v2' } });
  const cgroup = v2.mounts.filter(({ destination }) => destination.startsWith('/sys/fs/cgroup'));
  assert.equal(
    cgroup.map(({ destination, options }) => [destination, options]),
    [['/sys/fs/cgroup', ['private', 'rw']]],
  );
});

test('[spec.systemd-mode] with a read-only root no place is mounted twice', () => {
  const places = destinations({
    spec: { systemd: 'always', securityContext: { readOnlyRootFilesystem: true } },
  });
  assert.is(new Set(places).size, places.length);
});

test('[spec.systemd-mode] a stop signal of the manifest or image stays', () => {
  const signal = (specCase: SpecCase): string | undefined =>
    validSpec(specCase).annotations['org.opencontainers.image.stopSignal'];
  assert.is(signal({ spec: { systemd: 'always', stopSignal: 'INT' } }), '2');
  const imageConfig = { Cmd: ['/sbin/init'], StopSignal: 'SIGQUIT' };
  assert.is(signal({ input: { imageConfig } }), '3');
});

test.run();
