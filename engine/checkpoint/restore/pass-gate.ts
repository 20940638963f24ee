import { stat } from 'node:fs/promises';
import type {
  CheckpointEnvironment,
  ContainerRequest,
  OverlookedReason,
  RestoreReason,
} from '../../../schemas/index.ts';
import { usesHostNetwork } from '../../container/container-context.ts';
import type { EngineParts } from '../../container/container-context.ts';
import { EngineError } from '../../engine-error.ts';
import { isEngineMount } from '../engine-mounts.ts';
import { readProcessor } from '../dump/describe-environment.ts';
import { listeningPorts } from './listening-ports.ts';
import { checkRestore, refusals } from './restore-gate.ts';
import type { GateFinding, RestorePlace } from './restore-gate.ts';

/** What is asked at the gate of a restore. */
export interface GateQuestion {
  operation: string;
  request: ContainerRequest;
  environment: CheckpointEnvironment;
  /** Version of the CRIU here. */
  criu: string;
  /** What was found elsewhere. */
  findings?: readonly GateFinding[];
  ignore: readonly OverlookedReason[];
}

/** Refuses, with RESTORE_REFUSED and every reason, what could not go on here. Nothing has been made of the container by then. */
export async function passGate(parts: EngineParts, question: GateQuestion): Promise<void> {
  const { operation, request, environment, ignore, findings = [] } = question;
  const ports = (request.spec.ports ?? []).flatMap(({ hostPort, hostIP = '', containerPort, protocol }) =>
    hostPort === undefined || usesHostNetwork(request) ? [] : [{ hostPort, hostIP, containerPort, protocol }],
  );
  // The manifest says what is published from now on, whatever was then.
  const mounts = environment.mounts.filter(({ destination }) => !isEngineMount(destination));
  const recorded = { ...environment, mounts, ports };
  const found = [...findings, ...checkRestore(recorded, await describePlace(parts, question, ports.length))];
  refuse(operation, refusals(found, new Set<RestoreReason>(ignore)));
}

/** One error for all of the findings; none is no error. */
export function refuse(operation: string, findings: readonly GateFinding[]): void {
  const [first] = findings;
  if (first === undefined) return;
  const reasons = findings.map(({ reason, message, fix }) => ({ reason, message, fix }));
  throw new EngineError(
    'RESTORE_REFUSED',
    `${operation}: refused: ${findings.map(({ reason, message }) => `${message} (${reason})`).join('; ')}`,
    { hint: [...new Set(findings.map(({ fix }) => fix))].join('; '), reasons },
  );
}

async function describePlace(
  { facts }: EngineParts,
  { request, criu }: GateQuestion,
  publishedPorts: number,
): Promise<RestorePlace> {
  const [mounts, portsInUse] = await Promise.all([
    describeMounts(request),
    publishedPorts === 0 ? new Set<string>() : listeningPorts(),
  ]);
  return {
    architecture: facts.architecture,
    kernel: facts.kernel,
    criu,
    runtime: { name: facts.runtime.name, version: facts.runtime.version },
    cgroups: facts.cgroups,
    cpuFeatures: new Set(readProcessor().features),
    imageId: request.image?.id ?? null,
    mounts,
    portsInUse,
    addresses: null,
  };
}

/** What the manifest mounts, by its place in the container. */
async function describeMounts({ spec }: ContainerRequest): Promise<RestorePlace['mounts']> {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  const entries = (spec.volumeMounts ?? []).map(async ({ name, mountPath, subPath, subPathExpr }) => {
    const hostPath = volumes.get(name)?.hostPath;
    // A part of a volume may be a file as well; it is made where it is missing.
    if ((subPath ?? subPathExpr ?? '') !== '') return [mountPath, 'other'] as const;
    if (hostPath === undefined) return [mountPath, 'directory'] as const;
    const isMade = hostPath.type?.endsWith('OrCreate') === true;
    return [mountPath, await kindOf(hostPath.path, isMade ? 'other' : 'missing')] as const;
  });
  return new Map(await Promise.all(entries));
}

async function kindOf(
  file: string,
  otherwise: 'other' | 'missing',
): Promise<'file' | 'directory' | 'other' | 'missing'> {
  const status = await stat(file).catch(() => null);
  if (status === null) return otherwise;
  if (status.isDirectory()) return 'directory';
  return status.isFile() ? 'file' : 'other';
}
