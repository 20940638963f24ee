import { formatCriuVersion } from '../../criu/features.ts';
import { isWithFiles } from './checkpoint-job.ts';
import type { CheckpointJob } from './checkpoint-job.ts';
import type { CheckpointRecord } from '../kept/checkpoint-record.ts';
import type { ContainerDump } from './dump-container.ts';
import { measureSizes } from './measure-sizes.ts';

/** What is noted of a checkpoint that is being made, as far as it is on disk. `statistics`: null before CRIU has written them. */
export function describeCheckpoint(
  job: CheckpointJob,
  description: ContainerDump,
  statistics: CheckpointRecord['statistics'],
): CheckpointRecord {
  const { context, options } = job;
  const { facts } = context.parts;
  return {
    version: 1,
    createdAt: new Date().toISOString(),
    leftRunning: options.then === 'leave-running',
    repeatable: isWithFiles(options),
    ...(options.pin === true ? { pinned: true } : {}),
    allowances: options.allowances ?? {},
    statistics,
    sizes: measureSizes(context.paths.newCheckpoint),
    host: {
      kernel: facts.kernel,
      architecture: facts.architecture,
      cgroups: facts.cgroups,
      bootId: facts.bootId,
      criu: formatCriuVersion(job.version),
      runtime: `${facts.runtime.name} ${facts.runtime.version}`,
    },
    imageId: context.request.image?.id ?? null,
    externalMounts: description.dump.externalMounts,
    networkNamespace: description.networkNamespace,
  };
}
