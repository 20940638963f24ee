import { readFileSync } from 'node:fs';
import type { ContainerRequest, OciSpec } from '../../../schemas/index.ts';
import type { SpecInput } from '../../../engine/spec/spec-input.ts';
import { resolveUser } from '../../../engine/spec/user.ts';
import { userRequestOf } from '../../../engine/spec/user-request.ts';
import { specInput, type SpecCase } from '../../support/spec-input.ts';

/** How the container of each fixture is asked for in a manifest: the command that made it stands in `<fixture>.cmd`. */
export const FIXTURES: Readonly<Record<string, SpecCase>> = {
  default: {},
  'user-1000': { spec: { user: '1000:1000' } },
  'user-name': { spec: { user: 'app' } },
  'read-only': { spec: { securityContext: { readOnlyRootFilesystem: true } } },
  'read-only-notmpfs': {
    spec: { securityContext: { readOnlyRootFilesystem: true }, readOnlyTmpfs: false },
  },
  tmpfs: {
    spec: {
      tmpfs: [{ mountPath: '/t1' }, { mountPath: '/t2', options: ['size=16m', 'mode=1770', 'noexec'] }],
    },
  },
  bind: {
    input: {
      volumes: [
        { containerPath: '/mnt', hostPath: '/srv/data', readOnly: true, options: ['rslave'] },
        { containerPath: '/hn', hostPath: '/etc/hostname', readOnly: false, options: [] },
      ],
    },
  },
  'volume-copyup': {
    input: {
      volumes: [volume('/data', 'demo-vol1', false), volume('/data2', 'demo-vol2', true)],
    },
  },
  caps: {
    spec: {
      securityContext: {
        capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'SYS_PTRACE'] },
        allowPrivilegeEscalation: false,
        seccompProfile: { type: 'Unconfined' },
      },
    },
  },
  hostnet: { spec: { hostNetwork: true, hostPID: true, hostIPC: true } },
  netnone: { spec: { network: 'none', hostname: 'hh' } },
  memcpu: {
    spec: {
      resources: {
        requests: { memory: '32Mi', cpu: '500m' },
        limits: { memory: '64Mi', cpu: '0.5', pids: 50 },
      },
      cpuset: { cpus: '0' },
      blkioWeight: 100,
      oomScoreAdj: 100,
    },
  },
  privileged: { spec: { privileged: true } },
  tty: { spec: { tty: true, stdin: true } },
  ulimit: {
    spec: {
      ulimits: [
        { name: 'nofile', soft: 100, hard: 200 },
        { name: 'core', soft: 0, hard: 0 },
      ],
    },
  },
  init: { spec: { init: true } },
  tz: { spec: { timezone: 'Europe/Warsaw' } },
  secret: { spec: { env: [{ name: 'SECENV', value: 's3cret' }] } },
  'pod-member': { spec: { hostname: 'demo-pod' } },
  'systemd-always': { spec: { systemd: 'always', command: ['/sbin/init'] } },
  'cgroupv2-systemd-runc': v2Host({ spec: { systemd: 'always', command: ['/sbin/init'] } }),
  'cgroupv2-systemd-crun': v2Host({ spec: { systemd: 'always', command: ['/sbin/init'] } }),
  'cgroupv2-default-runc': v2Host({}),
  'cgroupv2-default-crun': v2Host({}),
  'userns-auto': {},
  'userns-uidmap': {
    input: {
      volumes: [
        {
          containerPath: '/data',
          hostPath: '/srv/data/st/volumes/ifcv/_data',
          readOnly: false,
          options: ['nosuid', 'nodev'],
        },
      ],
    },
  },
};

/** The passwd and group of the image that the fixtures were made with. */
const PASSWD = 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n';
const GROUP = 'root:x:0:\napp:x:1000:\nstaff:x:2000:app\n';

export function readFixture(name: string): OciSpec {
  const file = new URL(`../../fixtures/podman-specs/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as OciSpec;
}

/**
 * The input that asks for what the fixture's command asked for. What the host or other parts of an engine decide (paths,
 * namespaces that were made before, device nodes, id ranges) is taken from the fixture.
 */
export function inputForFixture(name: string, podman: OciSpec): SpecInput {
  const specCase = FIXTURES[name] ?? {};
  const base = specInput(specCase);
  const { imageConfig, ...pod } = withPod(base, podman);
  // systemd takes its machine id from the container's.
  const request = { ...pod.request, id: containerId(podman) };
  const { uidMappings, gidMappings } = podman.linux;
  return {
    ...base,
    request,
    imageConfig: { Cmd: ['/bin/sh', '-c', 'i=0; while :; do echo tick $i; i=$((i+1)); sleep 1; done'] },
    user: resolveUser(userRequestOf(request, imageConfig), PASSWD, GROUP),
    rootfsPath: podman.root.path,
    providedFiles: providedBy(podman),
    namespacePaths: namespacesOf(podman),
    cgroupsPath: podman.linux.cgroupsPath ?? null,
    limits: {
      nofileHard: 20_000,
      nprocHard: 96_365,
      ...(podman.process.capabilities.bounding !== undefined &&
        name === 'privileged' && { capabilities: podman.process.capabilities.bounding }),
    },
    deviceNodes: (podman.linux.devices ?? []).map((device) => ({ ...device, permissions: 'rwm' })),
    ...(uidMappings !== undefined &&
      gidMappings !== undefined && { userNamespace: { uidMappings, gidMappings } }),
  };
}

/** Files below podman's directory of the container, and the host's own /dev/shm. */
function providedBy(podman: OciSpec): Record<string, string> {
  return Object.fromEntries(
    podman.mounts
      .filter(({ source, destination }) => source.includes('/userdata/') || destination === '/dev/shm')
      .map(({ destination, source }) => [destination, source]),
  );
}

function namespacesOf(podman: OciSpec): SpecInput['namespacePaths'] {
  const names = { network: 'net', ipc: 'ipc', uts: 'uts' } as const;
  return Object.fromEntries(
    podman.linux.namespaces.flatMap(({ type, path }) =>
      path !== undefined && (type === 'network' || type === 'ipc' || type === 'uts')
        ? [[names[type], path]]
        : [],
    ),
  );
}

function withPod(input: SpecInput, podman: OciSpec): SpecInput {
  const id = podman.annotations['io.kubernetes.cri-o.SandboxID'];
  if (id === undefined) return input;
  const pod: ContainerRequest['pod'] = {
    name: 'demo-pod',
    id,
    member: 'web',
    init: false,
    shared: ['net', 'ipc', 'uts'],
  };
  return { ...input, request: { ...input.request, pod } };
}

/** The id of podman's container, the last part of its cgroup. */
function containerId(podman: OciSpec): string {
  return podman.linux.cgroupsPath?.slice(-64) ?? '';
}

function volume(containerPath: string, name: string, readOnly: boolean): SpecInput['volumes'][number] {
  const hostPath = `/var/lib/containers/storage/volumes/${name}/_data`;
  return { containerPath, hostPath, readOnly, options: ['nosuid', 'nodev'] };
}

function v2Host(specCase: SpecCase): SpecCase {
  return { ...specCase, host: { cgroups: 'v2', controllers: ['cpu', 'memory'] } };
}
