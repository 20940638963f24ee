import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Inspection } from '../../../engine/index.ts';
import { CliError } from '../../command-line/cli-error.ts';
import type { Invocation } from '../../command-line/command.ts';
import { keptCheckpoints, matching, parseCheckpointName } from './kept-checkpoints.ts';

/**
 * Looks into the checkpoint that a word means: a path where there is a slash, a container that has one, and which of several
 * (`web@3`; else the newest), or a file of that name.
 */
export async function inspectNamed(
  invocation: Invocation,
  word: string,
  options: { environmentValues: boolean },
): Promise<Inspection> {
  const [{ inspectCheckpoint }, { createLinuxKernel }] = await Promise.all([
    import('../../../engine/index.ts'),
    import('../../../native/index.ts'),
  ]);
  const place = await placeOf(invocation, word);
  return inspectCheckpoint(createLinuxKernel(), place, { ...options, signal: invocation.signal });
}

/** Path of the checkpoint that a word means. */
export async function placeOf(invocation: Invocation, word: string): Promise<string> {
  const isName = /^(?:container\/)?[\w.-]+(?:@\d+)?$/.test(word);
  const file = path.resolve(invocation.io.cwd, word);
  if (!isName) return file;
  const all = keptCheckpoints(await (await invocation.service()).list());
  const [kept] = matching(all, parseCheckpointName(word));
  if (kept !== undefined) return kept.checkpoint.path;
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (isThere) return file;
  throw new CliError(
    'NOT_FOUND',
    `checkpoint: neither a container with a checkpoint nor a file is called ${word}`,
    'see what there is with: tsctr checkpoint list',
  );
}
