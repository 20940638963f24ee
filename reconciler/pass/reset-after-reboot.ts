import type { ContainerRecord, PodRecord } from '../../schemas/index.ts';
import { isAlive } from '../plan/container-situation.ts';
import { lastOfRun } from '../plan/plan-restore.ts';
import type { RecordEditor } from './record-editor.ts';

/**
 * After a reboot nothing that lived in memory is there any more: pids, mounts, namespaces. Exited stays Exited, everything else
 * becomes Configured, and the next passes bring back what should run. To be called before anything else when the run directory
 * is new.
 */
export async function resetAfterReboot(records: RecordEditor): Promise<void> {
  for (const { name } of records.containers.list()) {
    await records.containers.edit(name, afterReboot);
  }
  for (const { name } of records.pods.list()) {
    await records.pods.edit(name, podAfterReboot);
  }
}

function podAfterReboot(record: PodRecord): PodRecord {
  const override = record.manifest.spec.restartPolicy === 'Always' ? null : record.override;
  return { ...record, prepared: false, intent: null, override };
}

/** What a reboot makes of the record of one container. */
export function afterReboot(record: ContainerRecord): ContainerRecord {
  const policy = record.manifest?.spec.restartPolicy ?? record.request?.spec.restartPolicy;
  const wasStopped = policy === 'Always' && record.override === 'Stopped';
  // Saved because the host went down, or not saved any more before it did.
  const wasSaved =
    record.override === 'Checkpointed' &&
    (record.checkpoint?.by === 'shutdown' || record.state !== 'Checkpointed');
  return {
    ...record,
    ...memoryAfterReboot(record),
    state: stateAfterReboot(record),
    // A removal that was interrupted is gone on with.
    intent: null,
    pid: null,
    startedAt: null,
    restartCount: 0,
    failuresInRow: 0,
    backoffUntil: null,
    ready: false,
    restored: null,
    restoresInRow: 0,
    // `Always` means what it says: only `UnlessStopped` remembers a stop by hand.
    override: wasStopped || wasSaved ? null : record.override,
  };
}

/** What was saved because the host went down, or at some time while it ran, is to go on from there where the manifest says so. */
function memoryAfterReboot(record: ContainerRecord): Pick<ContainerRecord, 'restoreDue'> {
  const onBoot = record.manifest?.spec.restore?.onBoot ?? false;
  return {
    restoreDue: onBoot && lastOfRun(record) !== null && isAlive(record.state) ? 'boot' : record.restoreDue,
  };
}

function stateAfterReboot({ state, exit, checkpoint, manifest }: ContainerRecord): ContainerRecord['state'] {
  // Saved at the shutdown, and told in the manifest not to make use of that.
  const isUnwanted = checkpoint?.by === 'shutdown' && manifest?.spec.restore?.onBoot === false;
  if (state === 'Checkpointed' && isUnwanted) return 'Configured';
  if (state === 'Exited' || state === 'Checkpointed' || state === 'Removing') return state;
  // Its process had ended before; only its mounts went with the reboot.
  if (state === 'Stopped' && exit !== null) return 'Exited';
  return 'Configured';
}
