import { z } from 'zod';

const action = z.string().regex(/^SCMP_ACT_[A-Z_]+$/, 'expected an action such as SCMP_ACT_ERRNO');
const errorNumber = z.int().min(0).max(4095);

const conditions = z
  .strictObject({
    caps: z.array(z.string()).optional(),
    arches: z.array(z.string()).optional(),
    minKernel: z
      .string()
      .regex(/^\d+\.\d+/, 'expected a kernel version such as 4.8')
      .optional(),
  })
  .optional();

const argument = z.strictObject({
  index: z.int().min(0).max(5),
  value: z.int().min(0),
  valueTwo: z.int().min(0).optional(),
  op: z.string().regex(/^SCMP_CMP_[A-Z_]+$/, 'expected an operator such as SCMP_CMP_EQ'),
});

/**
 * A seccomp profile as people write it: the OCI form, and what engines add to it so that one file fits all architectures and
 * capabilities (`archMap`, `includes`, `excludes`, error names, `name` for one call).
 */
export const seccompDocument = z.strictObject({
  defaultAction: action,
  defaultErrnoRet: errorNumber.nullish(),
  defaultErrno: z.string().optional(),
  architectures: z.array(z.string()).nullish(),
  archMap: z
    .array(z.strictObject({ architecture: z.string(), subArchitectures: z.array(z.string()).nullish() }))
    .nullish(),
  flags: z.array(z.string()).optional(),
  listenerPath: z.string().optional(),
  listenerMetadata: z.string().optional(),
  syscalls: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        names: z.array(z.string()).nullish(),
        action,
        errnoRet: errorNumber.nullish(),
        errno: z.string().optional(),
        args: z.array(argument).nullish(),
        comment: z.string().optional(),
        includes: conditions,
        excludes: conditions,
      }),
    )
    .nullish(),
});
export type SeccompDocument = z.infer<typeof seccompDocument>;
