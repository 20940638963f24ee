import { parse } from 'yaml';
import type { z } from 'zod';

/** Configuration that others wrote for this host: small files, never meant to be large. */
const MAX_LENGTH = 4 * 1024 * 1024;

/** A file of the host (a hook, a CDI specification, a seccomp profile) that does not say what such a file must. */
export class HostFileError extends Error {
  override readonly name = 'HostFileError';
  readonly file: string;
  /** One for each place, `field: what was expected`. */
  readonly faults: readonly string[];

  constructor(file: string, faults: readonly string[], cause?: unknown) {
    super(`${file}: ${faults.join('; ')}`, cause === undefined ? undefined : { cause });
    this.file = file;
    this.faults = faults;
  }
}

/** Reads JSON or YAML and checks it. Throws HostFileError, which names the file and every field that is wrong. */
export function parseHostFile<T>(schema: z.ZodType<T>, text: string, file: string): T {
  const result = schema.safeParse(parseDocument(text, file));
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  throw new HostFileError(file, faults);
}

function parseDocument(text: string, file: string): unknown {
  if (text.length > MAX_LENGTH) {
    throw new HostFileError(file, [
      `expected at most ${String(MAX_LENGTH)} characters, found ${String(text.length)}`,
    ]);
  }
  try {
    return parse(text, { maxAliasCount: 100, prettyErrors: false, stringKeys: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HostFileError(file, [`expected JSON or YAML: ${reason}`], error);
  }
}
