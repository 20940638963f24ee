import { parseBytes, parseMilli } from '../../schemas/index.ts';
import type { OciCpu, OciMemory, OciResources } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { SpecInput } from './spec-input.ts';

/** Processes in one container, against fork bombs; the default of the field. */
const DEFAULT_PIDS_LIMIT = 2048;
const CPU_PERIOD_US = 100_000;
/** The least that the kernel takes, sched-bwc documentation. */
const MIN_CPU_QUOTA_US = 1000;
/** The kernel's bounds of cpu.shares; 1024 is one core's worth. */
const MIN_CPU_SHARES = 2;
const MAX_CPU_SHARES = 262_144;
const SHARES_PER_CORE = 1024;

/** The part of the input that resources depend on. */
export type ResourcesInput = Pick<SpecInput, 'request' | 'host' | 'limits'>;

/** `linux.resources` but for device rules: also what an update in place writes into the cgroup. */
export function buildResources(input: ResourcesInput): Omit<OciResources, 'devices'> {
  const { blkioWeight, cgroupConf } = input.request.spec;
  const memory = buildMemory(input);
  const cpu = buildCpu(input);
  const pids = buildPids(input);
  return {
    ...(memory !== null && { memory }),
    ...(cpu !== null && { cpu }),
    ...(pids !== null && { pids: { limit: pids } }),
    ...(blkioWeight !== undefined && { blockIO: { weight: blkioWeight } }),
    ...(cgroupConf !== undefined && { unified: unifiedFiles(input, cgroupConf) }),
  };
}

/** As podman, a limit allows as much swap again; a request is a reservation. */
function buildMemory(input: ResourcesInput): OciMemory | null {
  const { limits, requests } = input.request.spec.resources ?? {};
  const limit = limits?.memory === undefined ? null : Number(parseBytes(limits.memory));
  const reservation = requests?.memory === undefined ? null : Number(parseBytes(requests.memory));
  if (limit === null && reservation === null) return null;
  requireController(input, 'memory');
  if (limit !== null && reservation !== null && reservation > limit) {
    throw contradiction(input, 'memory', reservation, limit);
  }
  return {
    ...(limit !== null && limit > 0 && { limit }),
    ...(reservation !== null && { reservation }),
    ...(limit !== null && limit > 0 && input.limits.swapLimit !== false && { swap: 2 * limit }),
  };
}

function buildCpu(input: ResourcesInput): OciCpu | null {
  const { cpuset } = input.request.spec;
  if (cpuset !== undefined) requireController(input, 'cpuset');
  const cpu = {
    ...cpuTime(input),
    ...(cpuset?.cpus !== undefined && { cpus: cpuset.cpus }),
    ...(cpuset?.mems !== undefined && { mems: cpuset.mems }),
  };
  return Object.keys(cpu).length > 0 ? cpu : null;
}

/** As Kubernetes: the limit is a quota, the request (else the limit) a share. */
function cpuTime(input: ResourcesInput): Pick<OciCpu, 'shares' | 'quota' | 'period'> {
  const { limits, requests } = input.request.spec.resources ?? {};
  const limit = limits?.cpu === undefined ? null : cores(limits.cpu);
  const request = requests?.cpu === undefined ? limit : cores(requests.cpu);
  if (request === null) return {};
  requireController(input, 'cpu');
  if (limit !== null && request > limit) throw contradiction(input, 'cpu', request, limit);
  const shares = Math.min(MAX_CPU_SHARES, Math.max(MIN_CPU_SHARES, Math.floor(request * SHARES_PER_CORE)));
  if (limit === null || limit === 0) return { shares };
  const quota = Math.max(MIN_CPU_QUOTA_US, Math.round(limit * CPU_PERIOD_US));
  return { shares, quota, period: CPU_PERIOD_US };
}

/** As far as Kubernetes counts: thousandths of a core. */
function cores(quantity: string): number {
  return Number(parseMilli(quantity)) / 1000;
}

/** Null where the host cannot count processes and nobody asked for it. */
function buildPids(input: ResourcesInput): number | null {
  const asked = input.request.spec.resources?.limits?.pids;
  if (asked !== undefined) {
    requireController(input, 'pids');
    return Number(parseBytes(asked));
  }
  return input.host.controllers.includes('pids') ? DEFAULT_PIDS_LIMIT : null;
}

function unifiedFiles(
  { request, host }: ResourcesInput,
  files: Readonly<Record<string, string>>,
): Record<string, string> {
  if (host.cgroups === 'v2') return { ...files };
  throw new EngineError(
    'HOST_UNSUITABLE',
    `build resources of container ${request.name}: spec.cgroupConf needs cgroup v2, this host has ${host.cgroups}`,
  );
}

function requireController({ request, host }: ResourcesInput, controller: string): void {
  if (host.controllers.includes(controller)) return;
  throw new EngineError(
    'HOST_UNSUITABLE',
    `build resources of container ${request.name}: spec.resources limits ${controller}, but this host has no cgroup ` +
      `controller ${controller}, only ${host.controllers.join(', ')}`,
    { hint: `enable the controller, or drop ${controller} from spec.resources` },
  );
}

function contradiction(input: ResourcesInput, what: string, request: number, limit: number): EngineError {
  return new EngineError(
    'BAD_REQUEST',
    `build resources of container ${input.request.name}: spec.resources.requests.${what}: expected at most the limit ` +
      `(${String(limit)}), found ${String(request)}`,
  );
}
