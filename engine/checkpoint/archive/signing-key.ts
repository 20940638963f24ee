import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../../native/index.ts';
import { writeDurably } from '../../store/durable-file.ts';
import { formatPublicKey } from './archive-signature.ts';

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

const making = new Map<string, Promise<KeyObject>>();

/** The same, made when it is missing: once, however many ask for it at the same time. */
export function ensureSigningKey(root: string): Promise<KeyObject> {
  const made = making.get(root) ?? findOrMake(root).finally(() => making.delete(root));
  making.set(root, made);
  return made;
}

async function findOrMake(root: string): Promise<KeyObject> {
  const found = await findSigningKey(root);
  if (found !== null) return found;
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeDurably(keyFile(root), String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  return privateKey;
}

/** What others name to trust the archives of this instance: `ed25519:…`. */
export async function publicSigningKey(root: string): Promise<string> {
  return formatPublicKey(createPublicKey(await ensureSigningKey(root)));
}
