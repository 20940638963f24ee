import { z } from 'zod';

/** `tsctr.signature`, the last member of a checkpoint archive of ours: who has made it. Other engines pass over it. */
export const archiveSignature = z.object({
  version: z.literal(1),
  /** Of all members before it, base64. */
  sha256: z.string().max(64),
  /** `ed25519:` and the 32 bytes of the key in base64url. */
  publicKey: z.string().max(128),
  /** Of the digest, base64. */
  signature: z.string().max(128),
});
export type ArchiveSignature = z.infer<typeof archiveSignature>;
