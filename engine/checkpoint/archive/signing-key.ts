import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../../native/index.ts';
import { writeDurably } from '../../store/durable-file.ts';

/** `<root>/archive-key.pem`: an Ed25519 key that signs the archives of this instance. */
function keyFile(root: string): string {
  return path.join(root, 'archive-key.pem');
}

/** The key of this instance; null when it has not signed anything yet. */
export async function findSigningKey(root: string): Promise<KeyObject | null> {
  try {
    return createPrivateKey(await readFile(keyFile(root), 'utf8'));
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

/** The same, made when it is missing. */
export async function ensureSigningKey(root: string): Promise<KeyObject> {
  const found = await findSigningKey(root);
  if (found !== null) return found;
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeDurably(keyFile(root), String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  return privateKey;
}
