import { z } from 'zod';
import { OCI_HOOK_STAGES } from './oci-spec.ts';

const pattern = z.string().refine(isPattern, 'expected a regular expression');

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

const environment = z.array(z.string().regex(/^[^=\0]+=[^\0]*$/, 'expected NAME=value'));

/** When a hook is chosen, which may run before the runtime sees the spec, too. */
export const HOOK_STAGES = ['precreate', ...OCI_HOOK_STAGES] as const;
export type HookStage = (typeof HOOK_STAGES)[number];

/** A file of a hooks directory, oci-hooks(5) version 1.0.0. */
export const hookDefinition = z.strictObject({
  version: z.literal('1.0.0'),
  hook: z.strictObject({
    path: z.string().regex(/^\//, 'expected an absolute path'),
    args: z.array(z.string()).optional(),
    env: environment.optional(),
    timeout: z.int().min(1).optional(),
  }),
  when: z.strictObject({
    always: z.boolean().optional(),
    annotations: z.record(pattern, pattern).optional(),
    commands: z.array(pattern).optional(),
    hasBindMounts: z.boolean().optional(),
  }),
  stages: z.array(z.enum(HOOK_STAGES)).min(1),
});
export type HookDefinition = z.infer<typeof hookDefinition>;
