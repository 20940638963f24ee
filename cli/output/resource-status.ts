import type { ContainerRecord, PodRecord } from '../../schemas/index.ts';
import type { ResourceView } from '../api/service.ts';
import { containerConditions, podConditions } from './conditions.ts';
import { formatSpan } from './age.ts';
import { checkpointNote } from './checkpoint-text.ts';

/** What `get` says of a container in its columns STATE and NOTE. */
export interface StatusWords {
  status: string;
  note: string;
}

const DOING: Readonly<Record<NonNullable<ContainerRecord['intent']>['verb'], string>> = {
  create: 'Creating',
  start: 'Starting',
  stop: 'Stopping',
  pause: 'Pausing',
  resume: 'Resuming',
  update: 'Updating',
  cleanup: 'CleaningUp',
  remove: 'Removing',
  checkpoint: 'Checkpointing',
  restore: 'Restoring',
  export: 'Exporting',
};

/** A try that is due so long has not been made, milliseconds. */
const OVERDUE_MS = 10_000;

export function isRunning(record: ContainerRecord): boolean {
  return record.state === 'Running' || record.state === 'Restored';
}

/** True when the process has ended and nobody has to start it again by the record's own word. */
export function hasEnded(record: ContainerRecord): boolean {
  return record.state === 'Exited' || record.state === 'Stopped';
}

/** The words for one container at the instant `nowMs`, milliseconds since the epoch. */
export function containerWords(record: ContainerRecord, nowMs: number): StatusWords {
  return { status: containerStatus(record), note: containerNote(record, nowMs) };
}

function containerStatus(record: ContainerRecord): string {
  if (record.deletionRequestedAt !== null) return 'Removing';
  // While it runs an update is nothing to worry about; every other intent says more than the state before it.
  if (record.intent !== null && !(isRunning(record) && record.intent.verb === 'update')) {
    return DOING[record.intent.verb];
  }
  if (record.state === 'Restored') return 'Running';
  if (record.exit !== null && hasEnded(record)) return `Exited (${record.exit.code})`;
  if (record.state === 'Configured') return 'Pending';
  return record.state;
}

function containerNote(record: ContainerRecord, nowMs: number): string {
  const parts: string[] = [];
  if (record.state === 'Checkpointed' && record.checkpoint !== null) {
    parts.push(checkpointNote(record.checkpoint, nowMs));
  }
  if (record.backoffUntil !== null && !isRunning(record)) {
    const left = Date.parse(record.backoffUntil) - nowMs;
    if (left > 0) parts.push(`back-off, next try in ${formatSpan(left)}`);
    // Long past it is a lie: nobody is there to try.
    else if (left > -OVERDUE_MS) parts.push('back-off, next try now');
  }
  if (record.override === 'Stopped' && !isRunning(record)) parts.push('stopped by hand');
  if (record.override === 'Paused' && record.state === 'Paused') parts.push('paused by hand');
  if (hasEnded(record) && record.exit?.oomKilled === true) parts.push('out of memory');
  if (hasEnded(record) && record.exit?.code === -1) parts.push('exit code unknown: its monitor is gone');
  if (hasGivenUp(record)) parts.push(`gave up after ${record.failuresInRow} tries`);
  if (record.lastError !== null) parts.push(record.lastError);
  if (record.state === 'Restored' && parts.length === 0) parts.push(restoredNote(record));
  return parts.join('; ');
}

/** `restored after exit code 137, try 1 of 3`. */
function restoredNote({ restored, previousExit, restoresInRow, manifest }: ContainerRecord): string {
  if (restored?.why === 'boot') return 'restored after the boot';
  if (restored?.why !== 'crash' || previousExit === null) return 'restored';
  const cause = previousExit.oomKilled ? 'running out of memory' : `exit code ${previousExit.code}`;
  const tries = manifest?.spec.restore?.onCrash?.tries;
  return `restored after ${cause}${tries === undefined ? '' : `, try ${restoresInRow} of ${tries}`}`;
}

function hasGivenUp(record: ContainerRecord): boolean {
  const spec = record.manifest?.spec ?? record.request?.spec;
  const most = spec?.restartBackoff?.maxRetries;
  return most !== undefined && !isRunning(record) && record.failuresInRow > most;
}

/** A container as `get` and `describe` show it. */
export function viewContainer(record: ContainerRecord, nowMs: number): ResourceView {
  return {
    resource: { kind: 'Container', name: record.name },
    record,
    members: [],
    ...containerWords(record, nowMs),
    ready: { ready: record.ready ? 1 : 0, total: 1 },
    restarts: record.restartCount,
    conditions: containerConditions(record),
  };
}

/** The name of a member within its pod: its record is called `<pod>.<member>`. */
export function memberName(pod: PodRecord, member: ContainerRecord): string {
  const prefix = `${pod.name}.`;
  return member.name.startsWith(prefix) ? member.name.slice(prefix.length) : member.name;
}

/** Members split into init containers and the others, by the manifest. */
export function splitMembers(
  pod: PodRecord,
  members: readonly ContainerRecord[],
): { init: ContainerRecord[]; main: ContainerRecord[] } {
  const names = new Set(pod.manifest.spec.initContainers?.map((container) => container.name) ?? []);
  const isInit = (member: ContainerRecord): boolean => names.has(memberName(pod, member));
  return { init: members.filter(isInit), main: members.filter((member) => !isInit(member)) };
}

/** A pod with its containers as `get` and `describe` show it. */
export function viewPod(pod: PodRecord, members: readonly ContainerRecord[], nowMs: number): ResourceView {
  const { main } = splitMembers(pod, members);
  return {
    resource: { kind: 'Pod', name: pod.name },
    record: pod,
    members: [...members],
    status: podStatus(pod, members),
    ready: { ready: main.filter((m) => m.ready).length, total: pod.manifest.spec.containers.length },
    restarts: members.reduce((sum, member) => sum + member.restartCount, 0),
    note: podNote(pod, members, nowMs),
    conditions: podConditions(pod, members),
  };
}

/** Kubernetes' phases, `Init:1/2` while init containers run, and what a single container would show where that says more. */
function podStatus(pod: PodRecord, members: readonly ContainerRecord[]): string {
  if (pod.deletionRequestedAt !== null) return 'Removing';
  if (isPodStopping(pod, members)) return 'Stopping';
  const { init, main } = splitMembers(pod, members);
  const done = init.filter((member) => hasEnded(member) && member.exit?.code === 0).length;
  if (done < (pod.manifest.spec.initContainers?.length ?? 0) && !main.some(isRunning)) {
    const failed = init.some(
      (m) => hasEnded(m) && m.exit?.code !== 0 && pod.manifest.spec.restartPolicy === 'Never',
    );
    return failed ? 'Failed' : `Init:${done}/${pod.manifest.spec.initContainers?.length ?? 0}`;
  }
  if (main.some(isRunning)) return 'Running';
  for (const state of ['Paused', 'Checkpointed'] as const) {
    if (main.length > 0 && main.every((member) => member.state === state)) return state;
  }
  if (pod.override === 'Stopped') return 'Stopped';
  if (main.length > 0 && main.every(hasEnded) && pod.manifest.spec.restartPolicy !== 'Always') {
    return main.every((member) => member.exit?.code === 0) ? 'Succeeded' : 'Failed';
  }
  return 'Pending';
}

/** True while containers of it end that nobody wants to go on, or that are the last of it. */
function isPodStopping(pod: PodRecord, members: readonly ContainerRecord[]): boolean {
  if (members.some(isRunning)) return pod.override === 'Stopped';
  return members.some(({ state }) => state === 'Stopping');
}

function podNote(pod: PodRecord, members: readonly ContainerRecord[], nowMs: number): string {
  const parts: string[] = [];
  if (pod.override === 'Stopped') parts.push('stopped by hand');
  if (pod.lastError !== null) parts.push(pod.lastError);
  for (const member of members) {
    const { note } = containerWords(member, nowMs);
    if (note !== '' && note !== 'stopped by hand' && note !== 'restored') {
      parts.push(`${memberName(pod, member)}: ${note}`);
    }
  }
  return parts.join('; ');
}
