import type { CriuNetworkLock } from '../../../schemas/index.ts';
import type { CheckpointAllowances, RetryAllowance } from '../../contract/checkpoint-allowances.ts';
import { CriuError } from '../../criu/criu-error.ts';
import type { CriuCause, SafeRetry } from '../../criu/failure-rules.ts';

/** These change nothing for whoever has a connection to the container, or waits for a lock of it. */
export const DEFAULT_RETRIES: readonly RetryAllowance[] = ['ghostLimit', 'networkLock'];

/** A deleted file is read into the images: what is larger is no safe guess any more. */
const MOST_GHOST_BYTES = 2 ** 30;

/** With what a try was made. */
export interface CheckpointTry {
  allowances: CheckpointAllowances;
  /** Undefined: what the host has. */
  networkLock?: CriuNetworkLock | undefined;
}

/** Another try of a checkpoint that CRIU could not make, with what it allows besides. */
export interface CheckpointRetry extends CheckpointTry {
  /** Why the one before it failed: a word that does not change, and a sentence. */
  cause: CriuCause;
  explanation: string;
  with: readonly RetryAllowance[];
}

/** What a try after `error` may do otherwise; null: nothing. What the manifest says outright, either way, is never changed. */
export function planRetry(
  error: unknown,
  given: CheckpointTry,
  allowed: readonly RetryAllowance[],
): CheckpointRetry | null {
  const { explanation: failure = null } = error instanceof CriuError ? error : {};
  if (failure?.retry == null) return null;
  const more = allowedOf(failure.retry, allowed);
  const names = Object.keys(more.allowances) as (keyof CheckpointAllowances)[];
  const isSaid =
    names.some((name) => given.allowances[name] !== undefined) ||
    (more.networkLock !== undefined && given.networkLock !== undefined);
  // To keep connections and to let them end exclude each other.
  const excludes = more.allowances.tcpEstablished === true && given.allowances.tcpClose === true;
  if (more.with.length === 0 || isSaid || excludes) return null;
  const { cause, explanation } = failure;
  return { cause, explanation, ...more };
}

function allowedOf(
  { allowances = {}, networkLock }: SafeRetry,
  allowed: readonly RetryAllowance[],
): Pick<CheckpointRetry, 'allowances' | 'networkLock' | 'with'> {
  const { tcpEstablished, fileLocks, ghostLimitBytes = 0 } = allowances;
  const wanted: Partial<Record<RetryAllowance, CheckpointAllowances>> = {
    ...(ghostLimitBytes > 0 && ghostLimitBytes <= MOST_GHOST_BYTES && { ghostLimit: { ghostLimitBytes } }),
    ...(tcpEstablished === true && { tcpEstablished: { tcpEstablished } }),
    ...(fileLocks === true && { fileLocks: { fileLocks } }),
    ...(networkLock !== undefined && { networkLock: {} }),
  };
  const chosen = allowed.filter((name) => wanted[name] !== undefined);
  return {
    with: chosen,
    allowances: Object.assign({}, ...chosen.map((name) => wanted[name])) as CheckpointAllowances,
    ...(networkLock !== undefined && chosen.includes('networkLock') && { networkLock }),
  };
}
