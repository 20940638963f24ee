import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { validSpec, type SpecCase } from '../../support/spec-input.ts';

function namespacesOf(specCase: SpecCase): Record<string, string> {
  const { namespaces } = validSpec(specCase).linux;
  return Object.fromEntries(namespaces.map(({ type, path }) => [type, path ?? 'new']));
}

function variable(specCase: SpecCase, name: string): string | undefined {
  return validSpec(specCase).process.env.find((entry) => entry.startsWith(`${name}=`));
}

const POD: SpecCase = {
  request: {
    pod: { name: 'shop', id: 'ab'.repeat(32), member: 'web', init: false, shared: ['net', 'ipc', 'uts'] },
  },
  input: { namespacePaths: { net: '/p/net', ipc: '/p/ipc', uts: '/p/uts' } },
};

test('[spec.namespaces] all are new by default; the cgroup namespace only on v2', () => {
  const own = { pid: 'new', network: 'new', ipc: 'new', uts: 'new', mount: 'new' };
  assert.equal(namespacesOf({}), own);
  assert.equal(namespacesOf({ host: { cgroups: 'hybrid' } }), own);
  assert.equal(namespacesOf({ host: { cgroups: 'v2' } }), { ...own, cgroup: 'new' });
});

test('[spec.namespaces] those of the host are left out', () => {
  const spec = { hostNetwork: true, hostPID: true, hostIPC: true };
  assert.equal(namespacesOf({ spec }), { mount: 'new' });
  assert.equal(namespacesOf({ spec: { network: 'host', hostname: 'x' } }), {
    pid: 'new',
    ipc: 'new',
    uts: 'new',
    mount: 'new',
  });
});

test('[spec.namespaces] those of the pod are joined by path', () => {
  assert.equal(namespacesOf(POD), {
    pid: 'new',
    network: '/p/net',
    ipc: '/p/ipc',
    uts: '/p/uts',
    mount: 'new',
  });
});

test('[spec.userns] a user namespace comes with its maps, and without device rules', () => {
  const map = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  const specCase = { input: { userNamespace: { uidMappings: map, gidMappings: map } } };
  const { linux } = validSpec(specCase);
  assert.is(namespacesOf(specCase)['user'], 'new');
  assert.equal([linux.uidMappings, linux.gidMappings], [map, map]);
  assert.is(linux.resources.devices, undefined);
});

test('[spec.userns] what a user namespace may not mount for itself is bound from the host', () => {
  const map = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  const input = { userNamespace: { uidMappings: map, gidMappings: map } };
  const typesOf = (specCase: SpecCase): string[] =>
    ['/proc', '/sys', '/dev/mqueue'].map(
      (path) => validSpec(specCase).mounts.find(({ destination }) => destination === path)?.type ?? '',
    );
  const spec = { hostNetwork: true, hostPID: true, hostIPC: true };
  assert.equal(typesOf({ spec, input }), ['bind', 'bind', 'bind']);
  assert.equal(typesOf({ input }), ['proc', 'sysfs', 'mqueue']);
  assert.equal(typesOf({ spec }), ['proc', 'sysfs', 'mqueue']);
});

test('[spec.userns] terminals have the group tty only where the namespace has it', () => {
  const optionsWith = (size: number): string[] => {
    const map = [{ containerID: 0, hostID: 100_000, size }];
    const { mounts } = validSpec({ input: { userNamespace: { uidMappings: map, gidMappings: map } } });
    return mounts.find(({ destination }) => destination === '/dev/pts')?.options ?? [];
  };
  assert.ok(optionsWith(6).includes('gid=5'));
  assert.not(optionsWith(5).includes('gid=5'));
});

test('[spec.hostname] is set with an own UTS namespace, and HOSTNAME follows it', () => {
  assert.is(validSpec().hostname, 'web');
  const named = { spec: { hostname: 'other' } };
  assert.is(validSpec(named).hostname, 'other');
  assert.is(variable(named, 'HOSTNAME'), 'HOSTNAME=other');
});

test("[spec.hostname] on the host's network it is the host's, in a pod the pod's, and given in env it stays", () => {
  const onHost = { spec: { hostNetwork: true } };
  assert.is(validSpec(onHost).hostname, undefined);
  assert.is(variable(onHost, 'HOSTNAME'), 'HOSTNAME=vm');
  assert.is(validSpec(POD).hostname, undefined);
  assert.is(variable(POD, 'HOSTNAME'), 'HOSTNAME=shop');
  const given = { spec: { env: [{ name: 'HOSTNAME', value: 'given' }] } };
  assert.is(variable(given, 'HOSTNAME'), 'HOSTNAME=given');
});

test.run();
