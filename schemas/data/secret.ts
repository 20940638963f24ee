import { z } from 'zod';
import { base64Entries, dataKey, textEntries } from './data-entries.ts';
import { metadata } from '../manifest/metadata.ts';

const absolutePath = z.string().regex(/^\/./, 'must be an absolute path');

const secretSource = z.strictObject({
  file: absolutePath.optional().describe('A file of this host that holds the value.'),
  ageFile: absolutePath.optional().describe('A file encrypted with age; `identity` decrypts it.'),
  identity: absolutePath.optional().describe('The identity file for ageFile. Default: /etc/tsctr/age.key.'),
  sopsFile: absolutePath
    .optional()
    .describe('A file encrypted with sops, decrypted whole or, with `extract`, in part.'),
  extract: z.string().min(1).optional().describe('The part of sopsFile, such as `["db"]["password"]`.'),
  credential: z
    .string()
    .regex(/^(?!\.)[^/\0]+$/, 'must be the name of a credential, without `/`')
    .optional()
    .describe('A systemd credential of the service that tsctr runs in (LoadCredential=, SetCredential=).'),
});
export type SecretSource = z.infer<typeof secretSource>;

/** What happens to containers that use it when its values change. */
export const rotation = z.strictObject({
  policy: z
    .enum(['update', 'restart', 'signal'])
    .default('update')
    .describe(
      'update: files change in place, variables at the next start; restart: the containers are restarted; signal: files change, and the first process gets a signal.',
    ),
  signal: z.string().optional().describe('For policy signal, by name or number. Default: SIGHUP.'),
});
export type Rotation = z.infer<typeof rotation>;

/** Secret of Kubernetes; with apiVersion tsctr.dev/v1 its values may come from elsewhere, too. */
export const secret = z
  .strictObject({
    apiVersion: z
      .enum(['v1', 'tsctr.dev/v1'])
      .describe('v1, as in Kubernetes, or tsctr.dev/v1 for `from` and `rotation`.'),
    kind: z.literal('Secret').describe('Secret.'),
    metadata: metadata.describe('Name and labels.'),
    type: z.string().min(1).optional().describe('What it is for, such as Opaque; tsctr makes nothing of it.'),
    data: base64Entries.optional().describe('Key → value in base64.'),
    stringData: textEntries.optional().describe('Key → value as text; goes before `data`.'),
    immutable: z
      .boolean()
      .optional()
      .describe('Refuse to change it; a new one needs a new name. Default: false.'),
    from: z
      .record(dataKey, secretSource)
      .optional()
      .describe('Key → where its value comes from, so that the manifest need not hold it. tsctr.dev/v1.'),
    rotation: rotation
      .optional()
      .describe('How changed values reach the containers that use them. tsctr.dev/v1.'),
  })
  .describe('Values that are in no record, log or output; containers take them as variables or files.');
export type Secret = z.infer<typeof secret>;
