import { z } from 'zod';

const absolutePath = z.string().regex(/^\//, 'must be an absolute path');

/** `/etc/tsctr/config.yaml`: what concerns the host as a whole. Everything has a default; the file may be missing. */
export const configuration = z.strictObject({
  runtime: z
    .string()
    .min(1)
    .default('auto')
    .describe('OCI runtime: `auto`, a name such as runc or crun, or an absolute path.'),
  manifests: absolutePath
    .default('/etc/tsctr.d')
    .describe('The directory of manifests that the daemon follows.'),
  registries: z
    .strictObject({
      configFile: absolutePath
        .optional()
        .describe('containers-registries.conf(5). Default: that of the host.'),
      authFile: absolutePath.optional().describe('containers-auth.json(5).'),
      policyFile: absolutePath
        .optional()
        .describe('containers-policy.json(5): which signatures are asked for.'),
      insecure: z
        .array(z.string())
        .optional()
        .describe(
          '`host` or `host:port` of registries without TLS, or with a certificate that nobody vouches for.',
        ),
      search: z
        .array(z.string())
        .optional()
        .describe('Where short names are looked for, in order. Default: docker.io.'),
    })
    .default({})
    .describe('How registries are spoken to.'),
});
export type Configuration = z.infer<typeof configuration>;
