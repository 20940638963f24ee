/** Global options that take a value in the next word. */
const WITH_VALUE = new Set(['--root', '--run', '--config', '-o', '--output']);

/**
 * The words of the command (`get`, or `image` and `pull`) among the arguments, so that only that command has to be loaded:
 * the words that are neither options nor the values of global options, up to `depth` of them.
 */
export function findCommandWords(args: readonly string[], depth: number): string[] {
  const words: string[] = [];
  for (let i = 0; i < args.length && words.length < depth; i += 1) {
    const arg = args[i] ?? '';
    if (arg === '--') break;
    if (WITH_VALUE.has(arg)) i += 1;
    else if (!arg.startsWith('-')) words.push(arg);
  }
  return words;
}
