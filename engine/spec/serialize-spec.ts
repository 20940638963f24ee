import type { OciProcess, OciSpec } from '../../schemas/index.ts';

/**
 * The text of config.json, or of the process of an exec. JSON.stringify does not know bigint, and a number cannot hold RLIM_INFINITY, which runtimes
 * read as an unsigned 64-bit integer.
 */
export function serializeSpec(spec: OciSpec | OciProcess): string {
  return `${write(spec)}\n`;
}

function write(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) {
    // Long lists of names make up most of a spec.
    if (value.every((item) => typeof item === 'string')) return JSON.stringify(value);
    return `[${value.map(write).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${write(member)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
