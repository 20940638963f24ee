import { readFile } from 'node:fs/promises';
import type { ContainerRequest, OciSpec } from '../../../schemas/index.ts';
import type { EngineParts } from '../../container/container-context.ts';
import { observeContainer } from '../../container/observe-container.ts';
import { CriuProgram } from '../../criu/features.ts';
import type { CheckpointAllowances } from '../../contract/checkpoint-allowances.ts';
import { EngineError } from '../../engine-error.ts';
import { dumpedExternals } from '../external-mounts.ts';
import { readMountInfo } from '../mount-info.ts';
import { checkContainer } from './check-container.ts';
import type { PreflightReport } from './find-obstacles.ts';
import { listUnixPeersBy } from './unix-peers.ts';

/** Says of a running container whether it can be checkpointed with these allowances. Nothing is stopped for it. */
export async function checkCheckpoint(
  parts: EngineParts,
  request: ContainerRequest,
  allowances: CheckpointAllowances,
): Promise<PreflightReport> {
  const { status, pid } = await observeContainer(parts, request);
  if ((status !== 'running' && status !== 'paused') || pid === null) {
    throw new EngineError(
      'BAD_REQUEST',
      `check container/${request.name}: it is ${status}, expected running or paused`,
    );
  }
  const { criu } = parts.facts.tools;
  const version = await new CriuProgram(parts.kernel, criu, parts.paths.run).requireMinimum();
  const spec = JSON.parse(await readFile(parts.paths.container(request.id).config, 'utf8')) as OciSpec;
  const externals = dumpedExternals(spec, await readMountInfo(pid), parts.runtime.programOf(request.id));
  return checkContainer(request.name, pid, {
    listUnixPeers: listUnixPeersBy(parts.runCommand),
    options: {
      allowances,
      externalMounts: new Set(externals.map(({ key }) => key)),
      criu: [version.major, version.minor],
      kernel: parts.facts.kernel,
    },
  });
}
