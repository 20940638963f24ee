import { classifyFailure } from '../criu/classify-failure.ts';
import { CriuError } from '../criu/criu-error.ts';
import type { CheckpointAllowances, RetryAllowance } from '../contract/checkpoint-allowances.ts';

/** These change nothing for whoever has a connection to the container, or waits for a lock of it. */
export const DEFAULT_RETRIES: readonly RetryAllowance[] = ['linkRemap', 'ghostLimit'];

/** A deleted file is read into the images: what is larger is no safe guess any more. */
const MOST_GHOST_BYTES = 2 ** 30;

/** Another try of a checkpoint that CRIU could not make. */
export interface CheckpointRetry {
  /** Why the one before it failed: a word that does not change, and a sentence. */
  cause: string;
  explanation: string;
  allowances: CheckpointAllowances;
}

/** What a try after `error` may do otherwise; null: nothing. What the manifest says outright, either way, is never changed. */
export function planRetry(
  error: unknown,
  given: CheckpointAllowances,
  allowed: readonly RetryAllowance[],
): CheckpointRetry | null {
  if (!(error instanceof CriuError)) return null;
  const { cause, explanation, retry } = classifyFailure({ errno: error.errno, log: error.excerpt });
  const { linkRemap, ghostLimitBytes = 0, tcpEstablished, fileLocks } = retry?.allowances ?? {};
  const more: CheckpointAllowances = {};
  if (linkRemap === true && allowed.includes('linkRemap')) more.linkRemap = true;
  if (tcpEstablished === true && allowed.includes('tcpEstablished')) more.tcpEstablished = true;
  if (fileLocks === true && allowed.includes('fileLocks')) more.fileLocks = true;
  if (ghostLimitBytes > 0 && ghostLimitBytes <= MOST_GHOST_BYTES && allowed.includes('ghostLimit')) {
    more.ghostLimitBytes = ghostLimitBytes;
  }
  const names = Object.keys(more) as (keyof CheckpointAllowances)[];
  const isSaid = names.some((name) => given[name] !== undefined);
  // To keep connections and to let them end exclude each other.
  const excludes = more.tcpEstablished === true && given.tcpClose === true;
  if (names.length === 0 || isSaid || excludes) return null;
  return { cause, explanation, allowances: more };
}
