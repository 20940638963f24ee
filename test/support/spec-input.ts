import type { SpecInput } from '../../engine/spec/spec-input.ts';
import { containerSpec, type ContainerRequest, type OciSpec } from '../../schemas/index.ts';
import type { HostFacts } from '../../engine/contract/host-facts.ts';
import { buildSpec } from '../../engine/spec/build-spec.ts';
import { ociSpecErrors } from './oci-schema.ts';

/** A host as plain as can be: x86-64, cgroup v1, no security modules. */
export const PLAIN_HOST: HostFacts = {
  cgroups: 'v1',
  cgroupManager: 'cgroupfs',
  controllers: ['cpuset', 'cpu', 'cpuacct', 'blkio', 'memory', 'devices', 'freezer', 'pids'],
  runtime: { name: 'runc', path: '/usr/sbin/runc', version: '1.1.15' },
  conmon: { path: '/usr/bin/conmon', version: '2.1.12' },
  kernel: '6.12.0',
  architecture: 'x86_64',
  hostname: 'vm',
  bootId: '00000000-0000-0000-0000-000000000000',
  tools: {
    criu: null,
    skopeo: null,
    netavark: null,
    'aardvark-dns': null,
    catatonit: '/usr/libexec/podman/catatonit',
    busctl: null,
    tar: null,
    git: null,
  },
  seccomp: true,
  appArmor: false,
  seLinux: false,
};

const ID = 'b8abd397dea8974096e563c78c587eb0af68263a632f90bcd96e15e9095b6c94';

/** What a test says of the container that it wants a spec for; the rest is a default container on a plain host. */
export interface SpecCase {
  /** Fields of the manifest's `spec`, as written there. */
  spec?: Record<string, unknown>;
  request?: Partial<Omit<ContainerRequest, 'spec'>>;
  host?: Partial<HostFacts>;
  input?: Partial<Omit<SpecInput, 'request' | 'host'>>;
}

/** The input for a case. The manifest's fields go through the schema, so that a test cannot ask for what nobody can write. */
export function specInput({ spec = {}, request = {}, host = {}, input = {} }: SpecCase = {}): SpecInput {
  const userData = '/run/userdata';
  return {
    request: {
      id: ID,
      name: 'web',
      labels: {},
      annotations: {},
      image: { reference: 'localhost/demo', id: `sha256:${'0'.repeat(64)}` },
      pod: null,
      createdAt: '2026-01-02T03:04:05.000Z',
      ...request,
      spec: containerSpec.parse({ image: 'localhost/demo', ...spec }),
    },
    imageConfig: { Cmd: ['/bin/sh', '-c', 'sleep 1'] },
    host: { ...PLAIN_HOST, ...host },
    user: { uid: 0, gid: 0, additionalGids: [], home: '/root', name: 'root' },
    rootfsPath: '/run/merged',
    providedFiles: {
      '/etc/hosts': `${userData}/hosts`,
      '/etc/hostname': `${userData}/hostname`,
      '/etc/resolv.conf': `${userData}/resolv.conf`,
      '/run/.containerenv': `${userData}/.containerenv`,
      '/dev/shm': `${userData}/shm`,
    },
    namespacePaths: {},
    volumes: [],
    cgroupsPath: `/tsctr/${ID}`,
    limits: { nofileHard: 20_000, nprocHard: 96_365 },
    deviceNodes: [],
    ...input,
  };
}

/** The spec for a case, once it was found valid. */
export function validSpec(specCase: SpecCase = {}): OciSpec {
  const spec = buildSpec(specInput(specCase));
  const errors = ociSpecErrors(spec);
  if (errors.length > 0) throw new Error(`the generated spec is not valid:\n${errors.join('\n')}`);
  return spec;
}
