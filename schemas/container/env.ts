import { z } from 'zod';
import { quantity } from '../value/quantity.ts';

const variableName = z
  .string()
  .regex(/^[^=\0]+$/, 'must be the name of an environment variable: not empty, without `=`');

const isOptional = z
  .boolean()
  .optional()
  .describe('Go on without it when it does not exist. Default: false.');

const keySelector = (kind: string) =>
  z.strictObject({
    name: z.string().min(1).describe(`Name of the ${kind}.`),
    key: z.string().min(1).describe('Which of its entries.'),
    optional: isOptional,
  });

const wholeSelector = (kind: string) =>
  z.strictObject({ name: z.string().min(1).describe(`Name of the ${kind}.`), optional: isOptional });

/** EnvVar of Kubernetes. */
export const envVar = z.strictObject({
  name: variableName.describe('Name of the variable.'),
  value: z.string().optional().describe('May refer to earlier variables as $(NAME). Default: empty.'),
  valueFrom: z
    .strictObject({
      fieldRef: z
        .strictObject({
          apiVersion: z.string().optional().describe('Version of the field names. Default: v1.'),
          fieldPath: z
            .string()
            .min(1)
            .describe("Such as `metadata.name`, `status.podIP`, `metadata.labels['key']`."),
        })
        .optional()
        .describe('A field of the manifest or of its state.'),
      resourceFieldRef: z
        .strictObject({
          containerName: z.string().optional().describe('Taken for the container itself.'),
          resource: z
            .enum(['limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'])
            .describe('Which of the resources.'),
          divisor: quantity.optional().describe('Unit of the value, such as 1Mi or 1m. Default: 1.'),
        })
        .optional()
        .describe('A limit or request of the container.'),
      configMapKeyRef: keySelector('config map').optional().describe('An entry of a config map.'),
      secretKeyRef: keySelector('secret').optional().describe('An entry of a secret.'),
    })
    .optional()
    .describe('Where the value comes from, in place of `value`. Exactly one of its fields.'),
});
export type EnvVar = z.infer<typeof envVar>;

/** EnvFromSource of Kubernetes. */
export const envFromSource = z.strictObject({
  prefix: z.string().optional().describe('Put before each name.'),
  configMapRef: wholeSelector('config map').optional().describe('All entries of a config map.'),
  secretRef: wholeSelector('secret').optional().describe('All entries of a secret.'),
});
export type EnvFromSource = z.infer<typeof envFromSource>;
