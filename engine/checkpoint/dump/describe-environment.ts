import { closeSync, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { CheckpointEnvironment, ContainerRequest, OciSpec } from '../../../schemas/index.ts';
import type { HostFacts } from '../../contract/host-facts.ts';

/** `environment.json` of a checkpoint that is being made: what its processes rely on here. */
export async function describeEnvironment(
  request: ContainerRequest,
  spec: OciSpec,
  host: { facts: HostFacts; criu: string; addresses: readonly string[] },
): Promise<CheckpointEnvironment> {
  const { facts, criu, addresses } = host;
  const sources = new Map(spec.mounts.filter(isBind).map(({ destination, source }) => [destination, source]));
  return {
    version: 1,
    container: { id: request.id, name: request.name },
    architecture: facts.architecture,
    kernel: facts.kernel,
    criu,
    runtime: { name: facts.runtime.name, version: facts.runtime.version },
    cgroups: facts.cgroups,
    cpu: readProcessor(),
    image: request.image,
    // By the names of the manifest, which is what they are compared with: in the spec links of the image have been followed.
    mounts: await Promise.all(
      (request.spec.volumeMounts ?? []).map(async ({ mountPath }) => {
        const source = sources.get(mountPath);
        return { destination: mountPath, kind: source === undefined ? 'other' : await kindOf(source) };
      }),
    ),
    ports: (request.spec.ports ?? []).flatMap(({ hostPort, hostIP = '', containerPort, protocol }) =>
      hostPort === undefined ? [] : [{ hostIP, hostPort, containerPort, protocol }],
    ),
    addresses: [...addresses],
  };
}

function isBind({ type, options }: OciSpec['mounts'][number]): boolean {
  return type === 'bind' || options.some((option) => option === 'bind' || option === 'rbind');
}

async function kindOf(file: string): Promise<'file' | 'directory' | 'other'> {
  const status = await stat(file).catch(() => null);
  if (status?.isDirectory() === true) return 'directory';
  return status?.isFile() === true ? 'file' : 'other';
}

/** Of this host. The kernel asks each processor as it is read, so only the first one is. */
export function readProcessor(): CheckpointEnvironment['cpu'] {
  const buffer = Buffer.alloc(MAX_PROCESSOR_BYTES);
  const fd = openSync('/proc/cpuinfo', 'r');
  try {
    return parseCpuInfo(buffer.toString('utf8', 0, readSync(fd, buffer)));
  } finally {
    closeSync(fd);
  }
}

const MAX_PROCESSOR_BYTES = 16_384;

/** The first processor of proc_cpuinfo(5): they are alike on one host, but for efficiency cores, which lack nothing. */
export function parseCpuInfo(text: string): CheckpointEnvironment['cpu'] {
  const [first = ''] = text.split('\n\n');
  const field = (name: string): string =>
    new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(first)?.[1]?.trim() ?? '';
  const flags = field('flags') || field('Features');
  return {
    vendor: field('vendor_id') || field('CPU implementer'),
    model: field('model name') || field('CPU part'),
    features: flags === '' ? [] : flags.split(/\s+/),
  };
}
