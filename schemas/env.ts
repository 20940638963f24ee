import { z } from 'zod';

const variableName = z
  .string()
  .regex(/^[^=\0]+$/, 'must be the name of an environment variable: not empty, without `=`');

const keySelector = z.strictObject({
  name: z.string(),
  key: z.string(),
  optional: z.boolean().optional(),
});

/** EnvVar of Kubernetes. */
export const envVar = z.strictObject({
  name: variableName,
  value: z.string().optional().describe('May refer to earlier variables as $(NAME).'),
  valueFrom: z
    .strictObject({
      fieldRef: z.strictObject({ apiVersion: z.string().optional(), fieldPath: z.string() }).optional(),
      configMapKeyRef: keySelector.optional(),
      secretKeyRef: keySelector.optional(),
    })
    .optional(),
});
export type EnvVar = z.infer<typeof envVar>;

/** EnvFromSource of Kubernetes. */
export const envFromSource = z.strictObject({
  prefix: z.string().optional(),
  configMapRef: z.strictObject({ name: z.string(), optional: z.boolean().optional() }).optional(),
  secretRef: z.strictObject({ name: z.string(), optional: z.boolean().optional() }).optional(),
});
export type EnvFromSource = z.infer<typeof envFromSource>;
