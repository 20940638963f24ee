import { z } from 'zod';
import { base64Entries, textEntries } from './data-entries.ts';
import { metadata } from '../manifest/metadata.ts';

/** ConfigMap of Kubernetes. */
export const configMap = z
  .strictObject({
    apiVersion: z.literal('v1').describe('v1, as in Kubernetes.'),
    kind: z.literal('ConfigMap').describe('ConfigMap.'),
    metadata: metadata.describe('Name and labels.'),
    data: textEntries.optional().describe('Key → text.'),
    binaryData: base64Entries.optional().describe('Key → bytes in base64.'),
    immutable: z
      .boolean()
      .optional()
      .describe('Refuse to change it; a new one needs a new name. Default: false.'),
  })
  .describe('Configuration that containers take as variables or files.');
export type ConfigMap = z.infer<typeof configMap>;
