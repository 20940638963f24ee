import { buildEnvironment, manifestVariables } from './environment.ts';
import { resolveHostname } from './process.ts';
import type { SpecInput } from './spec-input.ts';
import { isSystemdContainer } from './systemd-mode.ts';

/** Where a part of the spec comes from. */
export interface ExplainedPart {
  /** `process.args`, `process.env[PATH]`, `mounts[/data]`. */
  part: string;
  /** `manifest`: `field` is its path there; `image`: the name in its configuration; `host`: a file or fact of this host. */
  origin: 'manifest' | 'image' | 'host' | 'default';
  /** Null for a default. */
  field: string | null;
}

/** Says for each part of a spec who asked for it. Knows no values, so nothing has to be hidden. */
export function explainSpec(input: SpecInput): ExplainedPart[] {
  return [
    ...explainProcess(input),
    ...explainEnvironment(input),
    ...explainRoot(input),
    ...explainMounts(input),
    ...explainLinux(input),
  ];
}

type Origin = Omit<ExplainedPart, 'part'>;

const DEFAULT: Origin = { origin: 'default', field: null };
const manifest = (field: string): Origin => ({ origin: 'manifest', field });
const image = (field: string): Origin => ({ origin: 'image', field });
const host = (field: string): Origin => ({ origin: 'host', field });

function part(name: string, origin: Origin): ExplainedPart {
  return { part: name, ...origin };
}

/** The first field of the manifest that is set, else what the image has, else the default. */
function firstOf(
  input: SpecInput,
  fields: readonly string[],
  imageField?: keyof NonNullable<SpecInput['imageConfig']>,
): Origin {
  const found = fields.find((field) => valueAt(input.request.spec, field) !== undefined);
  if (found !== undefined) return manifest(`spec.${found}`);
  const value = imageField === undefined ? undefined : input.imageConfig?.[imageField];
  const isSet = value !== undefined && value.length !== 0;
  return imageField !== undefined && isSet ? image(imageField) : DEFAULT;
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) =>
        typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined,
      value,
    );
}

function explainProcess(input: SpecInput): ExplainedPart[] {
  const { spec } = input.request;
  const fromImage = input.imageConfig?.Entrypoint === undefined ? 'Cmd' : 'Entrypoint';
  return [
    part('process.args', firstOf(input, ['command', 'args'], fromImage)),
    part('process.cwd', firstOf(input, ['workingDir'], 'WorkingDir')),
    part('process.user', firstOf(input, ['user', 'securityContext.runAsUser'], 'User')),
    ...((spec.groups ?? []).length > 0 ? [part('process.user.additionalGids', manifest('spec.groups'))] : []),
    part('process.user.umask', firstOf(input, ['umask'])),
    ...(spec.tty === true ? [part('process.terminal', manifest('spec.tty'))] : []),
    part('process.capabilities', firstOf(input, [...PRIVILEGED, 'securityContext.capabilities'])),
    part('process.rlimits', firstOf(input, ['ulimits'])),
    ...(spec.securityContext?.allowPrivilegeEscalation === false
      ? [part('process.noNewPrivileges', manifest('spec.securityContext.allowPrivilegeEscalation'))]
      : []),
    ...(spec.oomScoreAdj === undefined ? [] : [part('process.oomScoreAdj', manifest('spec.oomScoreAdj'))]),
  ];
}

const PRIVILEGED = ['privileged', 'securityContext.privileged'];

function explainEnvironment(input: SpecInput): ExplainedPart[] {
  const { spec } = input.request;
  const variables = manifestVariables(input);
  const ofImage = new Set((input.imageConfig?.Env ?? []).map((entry) => entry.split('=')[0]));
  const entries = buildEnvironment(input, { hostname: resolveHostname(input), variables });
  return entries.map((entry) => {
    const name = entry.slice(0, entry.indexOf('='));
    const index = spec.env?.findIndex((one) => one.name === name) ?? -1;
    const secret = spec.secrets?.findIndex((one) => one.env === name) ?? -1;
    const origin =
      index >= 0
        ? manifest(`spec.env[${String(index)}]`)
        : secret >= 0
          ? manifest(`spec.secrets[${String(secret)}]`)
          : variables.has(name)
            ? manifest('spec.envFrom')
            : ofImage.has(name)
              ? image('Env')
              : DEFAULT;
    return part(`process.env[${name}]`, origin);
  });
}

function explainRoot(input: SpecInput): ExplainedPart[] {
  const readOnly = input.request.spec.securityContext?.readOnlyRootFilesystem;
  return [
    part('root.path', manifest(input.request.spec.rootfs === undefined ? 'spec.image' : 'spec.rootfs')),
    ...(readOnly === true
      ? [part('root.readonly', manifest('spec.securityContext.readOnlyRootFilesystem'))]
      : []),
    part('hostname', firstOf(input, ['hostname'])),
  ];
}

/** What the manifest has a word in; everything else is mounted for every container. */
const FILE_FIELDS: Readonly<Record<string, string>> = {
  '/etc/localtime': 'timezone',
  '/run/secrets': 'secrets',
  '/dev/shm': 'shmSize',
  '/etc/hosts': 'hostAliases',
  '/etc/resolv.conf': 'dnsConfig',
};

function explainMounts(input: SpecInput): ExplainedPart[] {
  const { spec } = input.request;
  const places = new Map<string, Origin>();
  for (const place of Object.keys(input.providedFiles)) {
    const field = FILE_FIELDS[place];
    places.set(place, field === undefined ? DEFAULT : firstOf(input, [field]));
  }
  for (const [index, { mountPath }] of (spec.tmpfs ?? []).entries())
    places.set(mountPath, manifest(`spec.tmpfs[${String(index)}]`));
  for (const { containerPath } of input.volumes) {
    const index = spec.volumeMounts?.findIndex(({ mountPath }) => mountPath === containerPath) ?? -1;
    places.set(containerPath, index < 0 ? image('Volumes') : manifest(`spec.volumeMounts[${String(index)}]`));
  }
  for (const { containerPath } of input.cdi?.mounts ?? [])
    places.set(containerPath, manifest('spec.cdiDevices'));
  if (spec.init === true) places.set('/run/tsctr-init', manifest('spec.init'));
  if (isSystemdContainer(input)) places.set('/run', firstOf(input, ['systemd'], 'Cmd'));
  return [...places]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([place, origin]) => part(`mounts[${place}]`, origin));
}

function explainLinux(input: SpecInput): ExplainedPart[] {
  const { spec } = input.request;
  const limits = spec.resources?.limits ?? {};
  return [
    part('linux.namespaces', firstOf(input, ['hostNetwork', 'network', 'hostPID', 'hostIPC', 'userns'])),
    part('linux.resources.memory', firstOf(input, ['resources.limits.memory'])),
    part('linux.resources.cpu', firstOf(input, ['resources.limits.cpu', 'resources.requests.cpu', 'cpuset'])),
    part('linux.resources.pids', 'pids' in limits ? manifest('spec.resources.limits.pids') : DEFAULT),
    part('linux.cgroupsPath', firstOf(input, ['cgroupParent'])),
    part('linux.devices', firstOf(input, [...PRIVILEGED, 'devices', 'cdiDevices'])),
    part('linux.seccomp', firstOf(input, [...PRIVILEGED, 'securityContext.seccompProfile'])),
    part('linux.maskedPaths', firstOf(input, [...PRIVILEGED, 'unmask', 'mask', 'securityContext.procMount'])),
    ...Object.keys(spec.sysctls ?? {}).map((name) => part(`linux.sysctl[${name}]`, manifest('spec.sysctls'))),
    ...Object.keys(input.hooks ?? {}).map((stage) =>
      part(
        `hooks.${stage}`,
        spec.hooksDirs === undefined ? host('the directories with hooks') : manifest('spec.hooksDirs'),
      ),
    ),
  ];
}
