import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { TestRoot } from './test-root.ts';

/** All effects that a command comes by when nothing goes wrong: `before:runtime-container.up#1`, `after:…`. */
export async function recordEffects(
  testRoot: TestRoot,
  args: readonly string[],
  input?: string,
): Promise<string[]> {
  const file = path.join(testRoot.directory, 'effects');
  await testRoot.output(args, {
    ...(input === undefined ? {} : { input }),
    env: { TSCTR_FAULT: `record:${file}` },
  });
  const effects = (await readFile(file, 'utf8')).trimEnd().split('\n');
  await rm(file);
  return effects;
}

/** Between the end of a stage and the beginning of the next nothing is done and nothing is written: one crash stands for both. */
export function withoutTwins(effects: readonly string[]): string[] {
  const direction = (effect: string | undefined): string => /\.(up|down)#/.exec(effect ?? '')?.[1] ?? '';
  return effects.filter((effect, index) => {
    const next = effects[index + 1];
    const isTwin = next?.startsWith('before:') === true && direction(effect) === direction(next);
    return !(effect.startsWith('after:') && direction(effect) !== '' && isTwin);
  });
}
