import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** `i`: immutable, `a`: may only be appended to; chattr(1). */
export type Attribute = 'i' | 'a';

/** Does something while that file has the attribute. */
export async function withAttribute(
  file: string,
  attribute: Attribute,
  body: () => Promise<void>,
): Promise<void> {
  execFileSync('chattr', [`+${attribute}`, file]);
  try {
    await body();
  } finally {
    execFileSync('chattr', [`-${attribute}`, file]);
  }
}

/** Why files cannot be given attributes here, or null. */
export async function missingForAttributes(): Promise<string | null> {
  const directory = mkdtempSync(path.join(tmpdir(), 'tsctr-attributes-'));
  const file = path.join(directory, 'file');
  writeFileSync(file, '');
  try {
    await withAttribute(file, 'i', () => Promise.resolve());
    return null;
  } catch {
    return 'chattr cannot make a file immutable here';
  } finally {
    rmSync(directory, { recursive: true });
  }
}
