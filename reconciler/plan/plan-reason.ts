import type { ContainerVerb, RestartPolicy, RestoredRun, WantedState } from '../../schemas/index.ts';
import type { FieldChange } from './spec-change.ts';

/** Why something is to be done, or why nothing is: closed, so that `diff`, `get` and `describe` can print each. */
export type PlanReason =
  // Something is to be done.
  | { why: 'new' }
  | { why: 'field-changed'; change: FieldChange }
  | { why: 'deletion-requested' }
  | { why: 'not-running' }
  | { why: 'process-ended'; code: number; policy: RestartPolicy }
  | { why: 'state-wanted'; state: WantedState; by: 'manifest' | 'hand' }
  | { why: 'restart-asked-for' }
  | { why: 'checkpoint-asked-for' }
  | { why: 'export-asked-for' }
  | { why: 'checkpoint-declared'; name: string }
  | { why: 'checkpoint-due'; interval: string }
  | { why: 'restore-due'; cause: Exclude<RestoredRun['why'], 'crash' | 'archive'>; createdAt: string }
  | { why: 'archive-given'; archive: string }
  | { why: 'image-given'; image: string }
  | { why: 'crashed'; code: number; oomKilled: boolean; attempt: number; tries: number }
  | { why: 'probe-failed'; probe: 'liveness' | 'startup'; message: string }
  | { why: 'interrupted'; verb: ContainerVerb }
  | { why: 'left-over' }
  | { why: 'image-needed'; reference: string }
  | { why: 'member'; member: string; reason: PlanReason }
  | { why: 'member-added'; member: string }
  | { why: 'member-dropped'; member: string }
  | { why: 'namespaces-needed' }
  // Nothing is to be done, or nothing yet.
  | { why: 'as-wished' }
  | { why: 'completed'; code: number }
  | { why: 'failed-for-good'; code: number; policy: RestartPolicy }
  | { why: 'stopped'; by: 'manifest' | 'hand' }
  | { why: 'checkpointed'; by: 'manifest' | 'hand' }
  | { why: 'nothing-to-checkpoint'; by: 'manifest' | 'hand' }
  | { why: 'backing-off'; remainingMs: number; cause: string }
  | { why: 'gave-up'; tries: number; cause: string }
  | { why: 'dependency-not-running'; names: readonly string[] }
  | { why: 'init-not-done'; member: string }
  | { why: 'init-failed'; member: string; code: number }
  | { why: 'pod-not-prepared'; pod: string }
  | { why: 'members-not-done'; names: readonly string[] }
  | { why: 'not-ready' }
  | { why: 'container-missing'; name: string }
  | { why: 'container-not-so'; name: string; is: string }
  | { why: 'being-saved'; name: string }
  | { why: 'memory-only'; name: string }
  | { why: 'saved'; what: string }
  | { why: 'steps-follow' }
  /** `isFinal`: trying again changes nothing before a person has done something. */
  | { why: 'step-failed'; message: string; isFinal: boolean };

/** The reason in words, as it stands in `diff` and in the NOTE column. */
export function formatReason(reason: PlanReason): string {
  return actionReason(reason) ?? restReason(reason);
}

function actionReason(reason: PlanReason): string | null {
  switch (reason.why) {
    case 'new':
      return 'does not exist yet';
    case 'field-changed':
      return `${reason.change.path}: ${reason.change.from} → ${reason.change.to}`;
    case 'deletion-requested':
      return 'is to be deleted';
    case 'not-running':
      return 'is not running';
    case 'process-ended':
      return `exited with ${String(reason.code)}; restartPolicy ${reason.policy}`;
    case 'state-wanted':
      return reason.by === 'hand' ? `asked to be ${reason.state}` : `spec.state: ${reason.state}`;
    case 'restart-asked-for':
      return 'asked to restart';
    case 'checkpoint-asked-for':
      return 'asked for a checkpoint';
    case 'export-asked-for':
      return 'asked for an archive of its checkpoint';
    case 'checkpoint-declared':
      return `checkpoint/${reason.name}`;
    case 'checkpoint-due':
      return `spec.checkpoint.interval: ${reason.interval}`;
    case 'restore-due':
      return `${RESTORE_CAUSE[reason.cause]}; goes on from the checkpoint of ${reason.createdAt}`;
    case 'archive-given':
      return `goes on from the archive ${reason.archive}`;
    case 'image-given':
      return `goes on from the image ${reason.image}`;
    case 'crashed':
      return `${reason.oomKilled ? 'out of memory' : `exited with ${String(reason.code)}`}; goes on from its last checkpoint, try ${String(reason.attempt)} of ${String(reason.tries)}`;
    case 'probe-failed':
      return `${reason.probe} probe failed: ${reason.message}`;
    case 'interrupted':
      return `${reason.verb} was interrupted`;
    case 'left-over':
      return 'an earlier try left something on the host';
    case 'image-needed':
      return `image ${reason.reference}`;
    case 'member':
      return `containers[${reason.member}]: ${formatReason(reason.reason)}`;
    case 'member-added':
      return `containers[${reason.member}] is new`;
    case 'member-dropped':
      return `containers[${reason.member}] is no longer in the pod`;
    case 'namespaces-needed':
      return 'shared namespaces are to be made';
    default:
      return null;
  }
}

function restReason(reason: PlanReason): string {
  switch (reason.why) {
    case 'as-wished':
      return 'is as wished';
    case 'completed':
      return `completed with exit code ${String(reason.code)}`;
    case 'failed-for-good':
      return `failed with exit code ${String(reason.code)}; restartPolicy ${reason.policy}`;
    case 'stopped':
      return reason.by === 'hand' ? 'stopped by hand' : 'spec.state: Stopped';
    case 'checkpointed':
      return reason.by === 'hand' ? 'checkpointed by hand' : 'spec.state: Checkpointed';
    case 'nothing-to-checkpoint':
      return 'has no process that could be checkpointed';
    case 'backing-off':
      return `back-off, next try in ${formatSeconds(reason.remainingMs)} (${reason.cause})`;
    case 'gave-up':
      return `gave up after ${String(reason.tries)} tries (${reason.cause})`;
    case 'dependency-not-running':
      return `waits for ${reason.names.map((name) => `container/${name}`).join(', ')}`;
    case 'init-not-done':
      return `waits for init container ${reason.member}`;
    case 'init-failed':
      return `init container ${reason.member} failed with exit code ${String(reason.code)}`;
    case 'pod-not-prepared':
      return `waits for pod/${reason.pod}`;
    case 'members-not-done':
      return `waits for ${reason.names.map((name) => `container/${name}`).join(', ')}`;
    case 'not-ready':
      return 'is not ready';
    case 'container-missing':
      return `waits for container/${reason.name}, which does not exist`;
    case 'container-not-so':
      return `waits for container/${reason.name}, which is ${reason.is}`;
    case 'being-saved':
      return `container/${reason.name} is being saved`;
    case 'memory-only':
      return `waits until container/${reason.name} has been restored: its memory is nowhere else`;
    case 'saved':
      return reason.what;
    case 'steps-follow':
      return 'further steps follow';
    case 'step-failed':
      return reason.message;
    default:
      return reason.why;
  }
}

const RESTORE_CAUSE: Readonly<Record<Exclude<RestoredRun['why'], 'crash' | 'archive'>, string>> = {
  checkpointed: 'is checkpointed',
  boot: 'the host was booted',
  hand: 'asked to be restored',
};

function formatSeconds(ms: number): string {
  return `${String(Math.max(1, Math.ceil(ms / 1000)))} s`;
}
