import type { ConfigDump, SpecDump } from '../../../schemas/index.ts';
import { isEngineMount } from '../engine-mounts.ts';
import type { CheckpointDocuments } from './checkpoint-documents.ts';
import type { Inspection } from './inspection.ts';

/** A Container manifest as plain data, and what its reader must look at. */
export interface SuggestedManifest {
  manifest: {
    apiVersion: string;
    kind: 'Container';
    metadata: { name: string };
    spec: Record<string, unknown>;
  };
  /** Sentences, to be written as comments above it. */
  remarks: string[];
}

/**
 * A manifest that fits a checkpoint, for a person to review: a restore never takes the specification out of an archive, as that
 * would let its author choose what is mounted. So what reaches out to the host is left for the reader to fill in.
 */
export function suggestManifest(
  inspection: Inspection,
  documents: CheckpointDocuments,
  { extraCapabilities = [] }: { extraCapabilities?: readonly string[] } = {},
): SuggestedManifest {
  const { config, spec } = documents;
  const remarks: string[] = [];
  const [first] = inspection.processes;
  const { volumes, volumeMounts } = suggestVolumes(config, spec, remarks);
  const command = spec?.process?.args ?? first?.commandLine ?? null;
  const cwd = spec?.process?.cwd ?? null;
  if (inspection.container.image === null) remarks.push('The checkpoint names no image: fill in spec.image.');
  remarks.push(
    'Variables are part of the saved memory; those of spec.env count only when it is started anew.',
  );
  return {
    manifest: {
      apiVersion: 'tsctr.dev/v1',
      kind: 'Container',
      metadata: { name: suggestName(inspection.container.name) },
      spec: {
        image: inspection.container.image ?? 'IMAGE',
        ...(command === null || command.length === 0 ? {} : { command }),
        ...(cwd === null || cwd === '/' ? {} : { workingDir: cwd }),
        ...(inspection.needs.terminal ? { tty: true } : {}),
        ...suggestUser(spec),
        ...suggestHostname(inspection, config),
        ...suggestStop(config),
        ...suggestPorts(config),
        ...(volumes.length === 0 ? {} : { volumeMounts, volumes }),
        ...suggestTmpfs(spec),
        ...suggestRights(config, extraCapabilities, remarks),
      },
    },
    remarks,
  };
}

function suggestName(name: string | null): string {
  const plain = (name ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return plain === '' ? 'restored' : plain;
}

function suggestUser(spec: SpecDump | null): Record<string, unknown> {
  const { uid, gid } = spec?.process?.user ?? {};
  if (typeof uid !== 'number' || (uid === 0 && (gid ?? 0) === 0)) return {};
  return { user: `${String(uid)}:${String(gid ?? 0)}` };
}

/** Engines give the beginning of the id where none was asked for. */
function suggestHostname({ container }: Inspection, config: ConfigDump | null): Record<string, unknown> {
  const { hostname } = container;
  const given = hostname !== null && config?.id?.startsWith(hostname) !== true;
  return given && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(hostname) ? { hostname } : {};
}

function suggestStop(config: ConfigDump | null): Record<string, unknown> {
  const { stopTimeout } = config ?? {};
  return typeof stopTimeout === 'number' && stopTimeout >= 0 && stopTimeout !== 10
    ? { terminationGracePeriodSeconds: stopTimeout }
    : {};
}

function suggestPorts(config: ConfigDump | null): Record<string, unknown> {
  const ports = (config?.newPortMappings ?? []).flatMap(
    ({ host_ip, container_port, host_port, range, protocol }) =>
      Array.from({ length: Math.min(Math.max(range ?? 1, 1), 1000) }, (_, index) => ({
        containerPort: container_port + index,
        hostPort: host_port + index,
        ...(host_ip === '' || host_ip == null ? {} : { hostIP: host_ip }),
        ...(protocol == null || protocol === 'tcp' ? {} : { protocol: protocol.toUpperCase() }),
      })),
  );
  return ports.length === 0 ? {} : { ports };
}

function suggestVolumes(
  config: ConfigDump | null,
  spec: SpecDump | null,
  remarks: string[],
): { volumes: object[]; volumeMounts: object[] } {
  const named = new Map((config?.namedVolumes ?? []).map(({ dest, volumeName }) => [dest, volumeName]));
  const binds = (spec?.mounts ?? []).filter(
    ({ destination, type, options }) =>
      !isEngineMount(destination) &&
      (type === 'bind' || options?.some((option) => option === 'bind' || option === 'rbind') === true),
  );
  const volumes: object[] = [];
  const volumeMounts: object[] = [];
  for (const [index, { destination, options }] of binds.entries()) {
    const volumeName = named.get(destination);
    const name = `data-${String(index)}`;
    const readOnly = options?.includes('ro') === true ? { readOnly: true } : {};
    volumeMounts.push({ name, mountPath: destination, ...readOnly });
    // The source of a bind mount stands in the archive, whose author may be anybody.
    volumes.push({ name, ...suggestSource(volumeName) });
    remarks.push(
      volumeName === undefined
        ? `${destination} came from the host: fill in the path in volume ${name}.`
        : `${destination} was the named volume ${JSON.stringify(volumeName)}.`,
    );
  }
  return { volumes, volumeMounts };
}

function suggestSource(volumeName: string | undefined): object {
  if (volumeName === undefined) return { hostPath: { path: '/PATH/TO/BE/FILLED/IN' } };
  return { persistentVolumeClaim: { claimName: suggestName(volumeName) } };
}

function suggestTmpfs(spec: SpecDump | null): Record<string, unknown> {
  const tmpfs = (spec?.mounts ?? [])
    .filter(
      ({ destination, type }) => type === 'tmpfs' && !isEngineMount(destination) && destination !== '/run',
    )
    .map(({ destination }) => ({ mountPath: destination }));
  return tmpfs.length === 0 ? {} : { tmpfs };
}

function suggestRights(
  config: ConfigDump | null,
  extraCapabilities: readonly string[],
  remarks: string[],
): Record<string, unknown> {
  if (config?.privileged === true) {
    remarks.push('It was privileged. That is left out here: say so in the manifest if you trust it.');
    return {};
  }
  if (extraCapabilities.length === 0) return {};
  remarks.push(
    'Its processes have the capabilities that are added here, and it is only restored with them: are they meant?',
  );
  const add = extraCapabilities.map((name) => name.replace(/^CAP_/, ''));
  return { securityContext: { capabilities: { add } } };
}
