import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { ArchiveSignature } from '../../../schemas/index.ts';
import { entryPath } from '../../image/entry-path.ts';

/** The last member of an archive of ours: who has made it. Other engines pass over it. */
export const SIGNATURE_MEMBER = 'tsctr.signature';

/** `ed25519:` and the 32 bytes of the key in base64url. */
export type PublicKeyText = string;

export interface ArchiveSigner {
  sign(digest: Buffer): ArchiveSignature;
}

/** One member, as far as the digest knows it besides its content. */
export interface DigestedMember {
  name: string;
  type: string;
  size: number;
  linkTarget: string;
}

/** A digest of what is in an archive: names, kinds and content of its members in their order. How they are packed does not count. */
export class ArchiveDigest {
  readonly #hash = createHash('sha256');

  begin({ name, type, size, linkTarget }: DigestedMember): void {
    this.#hash.update(JSON.stringify([entryPath(name), type, size, linkTarget]));
    this.#hash.update('\n');
  }

  data(piece: Buffer): void {
    this.#hash.update(piece);
  }

  end(): Buffer {
    return this.#hash.digest();
  }
}

/** What is signed: the digest with the purpose before it, so that the signature is good for nothing else. */
function statementOf(digest: Buffer): Buffer {
  return Buffer.concat([Buffer.from('tsctr checkpoint archive 1\n'), digest]);
}

export function signDigest(privateKey: KeyObject, digest: Buffer): ArchiveSignature {
  return {
    version: 1,
    sha256: digest.toString('base64'),
    publicKey: formatPublicKey(createPublicKey(privateKey)),
    signature: sign(null, statementOf(digest), privateKey).toString('base64'),
  };
}

/** The key that has signed this digest; null when the signature is not good for it. */
export function signerOf(
  { sha256, publicKey, signature }: ArchiveSignature,
  digest: Buffer,
): PublicKeyText | null {
  if (sha256 !== digest.toString('base64')) return null;
  const key = parsePublicKey(publicKey);
  if (key === null) return null;
  return verify(null, statementOf(digest), key, Buffer.from(signature, 'base64')) ? publicKey : null;
}

const PREFIX = 'ed25519:';

export function formatPublicKey(key: KeyObject): PublicKeyText {
  return `${PREFIX}${String(key.export({ format: 'jwk' }).x)}`;
}

function parsePublicKey(text: PublicKeyText): KeyObject | null {
  if (!/^ed25519:[A-Za-z0-9_-]{43}$/.test(text)) return null;
  try {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: text.slice(PREFIX.length) };
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return null;
  }
}
