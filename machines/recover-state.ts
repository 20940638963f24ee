import type { ContainerObservation } from '../engine/index.ts';
import type { ContainerExit, ContainerRecord, ContainerState } from '../schemas/index.ts';
import {
  backoffOf,
  countFailure,
  decideByPolicy,
  delayAfterExitMs,
  isoTime,
  type EventType,
} from '../reconciler/index.ts';

/** What a record becomes when it is made to agree with the host, and what must have happened in between. */
export interface Recovery {
  record: ContainerRecord;
  happened: readonly { type: EventType; attributes: Record<string, string> }[];
}

/** Makes a record agree with the host, unless it was being saved or brought back. */
export function recoverState(
  record: ContainerRecord,
  observation: ContainerObservation,
  now: number,
): Recovery {
  switch (observation.status) {
    case 'running':
    case 'paused':
      return recoverAlive(record, observation, now);
    case 'created':
      return { record: atRest(record, createdState(record)), happened: [] };
    case 'stopped':
    case 'prepared':
    case 'absent':
      return recoverEnded(record, observation, now);
  }
}

function createdState({ state, intent }: ContainerRecord): ContainerState {
  const wasHeld = state === 'Configured' || state === 'Exited' || state === 'Checkpointed';
  // What a restore left half-made is no container that could be started.
  if (wasHeld && intent?.verb !== 'create') return state;
  return state === 'Removing' ? 'Removing' : 'Created';
}

/** What the end of a run makes of a record. `isFailure` false: it was stopped because somebody wished it. */
export function endRun(
  record: ContainerRecord,
  exit: ContainerExit,
  options: { isFailure: boolean },
): ContainerRecord {
  const ended: ContainerRecord = { ...record, exit, pid: null, ready: false };
  if (!options.isFailure || record.request === null) return ended;
  const spec = record.manifest?.spec ?? record.request.spec;
  const backoff = backoffOf(spec);
  const finished = Date.parse(exit.finishedAt);
  const ranMs = record.startedAt === null ? 0 : finished - Date.parse(record.startedAt);
  const failuresInRow = countFailure(backoff, record.failuresInRow, ranMs);
  // A run that was long enough makes good for the restores before it.
  const restoresInRow = failuresInRow === 1 ? 0 : record.restoresInRow;
  const isOver = decideByPolicy(exit, spec.restartPolicy) !== null;
  const hasGivenUp = backoff.maxRetries !== null && failuresInRow > backoff.maxRetries;
  const delayMs = isOver || hasGivenUp ? 0 : delayAfterExitMs(backoff, failuresInRow);
  return {
    ...ended,
    restoresInRow,
    failuresInRow: isOver && exit.code === 0 ? 0 : failuresInRow,
    backoffUntil: delayMs === 0 ? null : isoTime(finished + delayMs),
  };
}

/** True when nothing has to tell that a container that runs also works. */
export function isReadyAtStart(record: ContainerRecord): boolean {
  const spec = record.manifest?.spec ?? record.request?.spec;
  return spec?.readinessProbe === undefined && spec?.startupProbe === undefined;
}

function recoverAlive(record: ContainerRecord, observation: ContainerObservation, now: number): Recovery {
  const wasAlive = isAlive(record.state) || record.state === 'Stopping';
  const recovered: ContainerRecord = {
    ...record,
    intent: null,
    state: aliveState(record, observation),
    pid: observation.pid ?? record.pid,
    startedAt: wasAlive ? (record.startedAt ?? isoTime(now)) : isoTime(now),
    exit: null,
    ready: wasAlive ? record.ready : isReadyAtStart(record),
    hasRun: wasAlive ? record.hasRun : true,
    lastError: wasAlive ? record.lastError : null,
    backoffUntil: null,
  };
  const happened: { type: EventType; attributes: Record<string, string> }[] = [];
  if (!wasAlive) happened.push({ type: 'start', attributes: { pid: String(recovered.pid) } });
  if (recovered.state === 'Paused' && record.state !== 'Paused') {
    happened.push({ type: 'pause', attributes: {} });
  }
  if (recovered.state === 'Running' && record.state === 'Paused') {
    happened.push({ type: 'unpause', attributes: {} });
  }
  return { record: unchangedOr(record, recovered), happened };
}

function aliveState(record: ContainerRecord, observation: ContainerObservation): ContainerState {
  // A process that is being stopped may have had its signal already, and one that is being removed must not live on.
  if (record.intent?.verb === 'stop' || record.state === 'Stopping' || record.state === 'Removing') {
    return 'Stopping';
  }
  if (observation.status === 'paused') return 'Paused';
  return record.state === 'Restored' ? 'Restored' : 'Running';
}

function recoverEnded(record: ContainerRecord, observation: ContainerObservation, now: number): Recovery {
  const mayHaveRun = record.state === 'Stopping' || (record.state === 'Unknown' && record.pid !== null);
  // The start follows its creation, on the intent of that.
  const hasRun = observation.hasRun === true && record.intent?.verb === 'create';
  const ran = isAlive(record.state) || mayHaveRun || hasRun || record.intent?.verb === 'start';
  if (!ran) return { record: atRest(record, endedState(record, observation)), happened: [] };
  const exit = observation.exit ?? { code: -1, finishedAt: isoTime(now), oomKilled: false };
  const isFailure = record.state !== 'Stopping' && record.intent?.verb !== 'stop';
  const ended = endRun(record, exit, { isFailure });
  const recovered: ContainerRecord = {
    ...ended,
    intent: null,
    state: endedState(ended, observation),
    lastError:
      observation.exit === null
        ? `wait container/${record.name}: its monitor left no exit code; it is taken as -1`
        : record.lastError,
  };
  const attributes = { exitCode: String(exit.code), ...(exit.oomKilled ? { oomKilled: 'true' } : {}) };
  return { record: recovered, happened: [{ type: 'died', attributes }] };
}

function endedState(record: ContainerRecord, observation: ContainerObservation): ContainerState {
  const { state } = record;
  if (state === 'Removing' || state === 'Checkpointed') return state;
  if (observation.status === 'stopped') return 'Stopped';
  const heldNothing = state === 'Configured' || state === 'Exited';
  if (observation.status === 'prepared') return heldNothing ? state : 'Stopped';
  if (heldNothing) return state;
  return record.exit === null ? 'Configured' : 'Exited';
}

/** The record of a container that has no process, or only one that CRIU left half-made. */
export function atRest(record: ContainerRecord, state: ContainerState): ContainerRecord {
  return unchangedOr(record, { ...record, intent: null, state, pid: null, ready: false });
}

/** The same object when nothing differs, so that nothing needs to be written. */
function unchangedOr(before: ContainerRecord, after: ContainerRecord): ContainerRecord {
  const keys = Object.keys(after) as (keyof ContainerRecord)[];
  return keys.every((key) => before[key] === after[key]) ? before : after;
}

function isAlive(state: ContainerState): boolean {
  return state === 'Running' || state === 'Restored' || state === 'Paused';
}
